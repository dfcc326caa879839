"""The web page that residents chat on: pages, events in, a stream of messages out.

Speaks HTTP and decides nothing. Knows no database: rows are pulled through a Protocol.
"""

from bot.platforms.web.channel import WebChannel

__all__ = ["WebChannel"]
