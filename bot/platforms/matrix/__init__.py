"""Matrix: an account on a homeserver as a channel for residents and staff."""

from bot.platforms.matrix.account import Account, log_in, look, open_client
from bot.platforms.matrix.channel import MatrixChannel
from bot.platforms.matrix.desk import MatrixDesk
from bot.platforms.matrix.keys import KeyStore, Login

__all__ = ["Account", "KeyStore", "Login", "MatrixChannel", "MatrixDesk", "log_in", "look", "open_client"]
