"""Questions handed over to staff and back again, through the whole bot and real peers."""
