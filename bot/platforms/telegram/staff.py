"""What staff do at a desk: an update of its chat in, a core event out, or nothing where it is none of staff's business with us.

Knows what a forum's updates look like; not which case a topic is, nor what follows.
"""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import structlog
from telegram import CallbackQuery, ChatMemberAdministrator, ChatMemberUpdated, Message, Update, User
from telegram.constants import ChatMemberStatus

from bot.core.events import StaffChose, StaffEvent, StaffSaid, StaffSentFile
from bot.platforms.telegram.files import sent_in
from bot.platforms.telegram.inbound import (
    ANONYMOUS_ADMIN,
    PASSING,
    Incoming,
    by_person,
    kind_of,
    place_in,
    quoted_in,
    tapped_data,
)
from bot.render.markup import storable

_COMMAND: Final = re.compile(r"(/\w+)@(\w+)")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """A desk and the bot at it, when something happens there."""

    name: str
    me: User
    now: datetime

    def said(self, message: Message, *, edited: bool) -> StaffEvent | None:
        """Read a message: text or a file; what only tells of something, such as a new member, is nobody's."""
        if not by_person(message):
            return None
        staff, name = _who(message.from_user, message)
        number, kind = str(message.message_id), kind_of(message)
        text = self._plain(storable(message.text or message.caption or ""))
        if text is None:
            return None
        if kind and not edited:
            file = asdict(sent_in(message, kind))
            file["file_name"] = file.pop("name")
            return StaffSentFile(
                at=self.now, desk=self.name, kind=kind, text=text, staff=staff, name=name, message=number, **file
            )
        if not text:
            return None
        return StaffSaid(
            at=self.now, desk=self.name, text=text, staff=staff, name=name, message=number, edited=edited,
            quoted=quoted_in(message),
        )  # fmt: skip

    def chose(self, query: CallbackQuery) -> StaffEvent | None:
        """Read a tap. What no button of the message carries is no option."""
        if (data := tapped_data(query)) is None:
            return None
        staff, name = _who(query.from_user)
        option = storable(data.removeprefix(PASSING))
        return StaffChose(at=self.now, desk=self.name, option=option, staff=staff, name=name)

    def _plain(self, text: str) -> str | None:
        """Give a text without our name on its command; None if it is a command for another bot."""
        if (command := _COMMAND.match(text)) is None:
            return text
        return command[1] + text[command.end() :] if command[2].lower() == str(self.me.username).lower() else None


def read_staff(update: Update, desk: str, me: User, now: datetime) -> Incoming | None:
    """Read an update of a desk's chat; None where nothing follows from it."""
    at, ext_id = _Desk(name=desk, me=me, now=now), str(update.update_id)
    if (query := update.callback_query) is not None and query.message is not None:
        if (chosen := at.chose(query)) is None:
            return None
        place = place_in(query.message.chat, query.message)
        return Incoming(place=place, event=chosen, ext_id=ext_id, query=query.id, desk=desk)
    if (message := update.message or update.edited_message) is not None:
        if (said := at.said(message, edited=update.edited_message is not None)) is None:
            return None
        place = place_in(message.chat, message)
        return Incoming(place=place, event=said, ext_id=ext_id, message=message.message_id, desk=desk)
    if (change := update.my_chat_member) is not None:
        _look_after(change, desk)
    return None


def _who(person: User | None, message: Message | None = None) -> tuple[str, str]:
    """Give the id and the name of who did something. Administrators who stay anonymous have the group's."""
    if person is None:
        return "", ""
    shown = person.full_name
    if person.id == ANONYMOUS_ADMIN and message is not None:
        shown = message.author_signature or message.chat.title or shown
    return f"telegram:{person.id}", " ".join(storable(shown).split())


def _look_after(change: ChatMemberUpdated, desk: str) -> None:
    """Tell the operator when the bot cannot work at a desk any more."""
    member = change.new_chat_member
    if member.status in (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT):
        why = "the bot was taken out of the group: add it again as an administrator who may manage topics, or take the desk away"
    elif not isinstance(member, ChatMemberAdministrator) or not member.can_manage_topics:
        why = "the bot may not manage topics any more: make it an administrator of the group with the right to manage topics"
    else:
        return
    log.error("telegram desk does not work", desk=desk, chat=change.chat.id, why=why)
