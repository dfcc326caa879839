"""The web page that residents chat on: pages, events in, a stream of messages out; and the page of a case, for staff.

Speaks HTTP and decides nothing. Knows no database: rows are pulled through a Protocol.
"""

from bot.platforms.web.case_forms import Act
from bot.platforms.web.case_links import CaseLinks
from bot.platforms.web.case_page import CaseLine, Cases, CaseView, Who
from bot.platforms.web.channel import WebChannel

__all__ = ["Act", "CaseLine", "CaseLinks", "CaseView", "Cases", "WebChannel", "Who"]
