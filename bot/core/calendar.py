"""Which day it is: Estonia's, also on a machine that runs on UTC."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

TALLINN = ZoneInfo("Europe/Tallinn")


def estonian_day(moment: datetime) -> date:
    """Give the day in Tallinn at a moment."""
    return moment.astimezone(TALLINN).date()
