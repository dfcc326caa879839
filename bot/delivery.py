"""What is done with a row of the outbox: a message to a resident on their channel, or something at a desk.

Knows which part of a row goes where, and what follows when it cannot be brought there; not when it is tried again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from bot.core import events
from bot.core.effects import Do
from bot.errors import Gone, Refused, RetryLater
from bot.outgoing import Brought
from bot.ports import (
    Arrival,
    Attachment,
    Channel,
    Delivery,
    Desk,
    DeskThread,
    DeskWork,
    Fetch,
    Message,
    deskwork_from_json,
    message_from_json,
)

ENGINE = "engine"
"""The source of what the engine itself tells a conversation."""


class Sent(Protocol):
    """What the store knows of what was shown."""

    async def thread(self, desk: str, case: int) -> str | None: ...

    async def sent(self, key: str) -> str | None: ...


class Notices(Protocol):
    """Sends residents mails that an answer waits."""

    async def notice(self, to: str, lang: str, code: str, url: str, *, key: str) -> str:
        """Say that something waits at `url` and return the mail's id. Errors as in Channel.send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToResidents:
    """Brings messages to the residents of one channel."""

    channel: Channel
    store: Sent
    clock: Callable[[], datetime]

    async def bring(self, delivery: Delivery) -> Brought:
        """Show a message. Errors: as `ports.Channel.send`."""
        message = message_from_json(delivery.body)
        if message.amends:
            message = replace(message, amends=await self.store.sent(message.amends) or "")
        return Brought(await self.channel.send(delivery, message))

    def lost(self, delivery: Delivery, _why: str, gone: bool) -> Arrival | None:
        """Close the conversation of a person who is gone."""
        if not gone or delivery.conversation is None:
            return None
        now = self.clock()
        return Arrival(
            source=ENGINE, ext_id=f"gone:{delivery.key}", channel=self.channel.name,
            conversation=delivery.conversation, body=events.to_json(events.Left(at=now)), at=now,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDesks:
    """Does what is to be done at desks. `fetch` gives the content of files.

    `notices` is None where no mail is sent; `page` is the address of the web page at which residents read.
    """

    desks: Mapping[str, Desk]
    store: Sent
    fetch: Fetch
    clock: Callable[[], datetime]
    notices: Notices | None = None
    page: str = ""

    async def bring(self, delivery: Delivery) -> Brought:
        """Do one thing. Errors: as `ports.Channel.send`; Gone for a desk that there is not (any more)."""
        try:
            return await self._bring(delivery)
        except RetryLater as later:
            # The limit is one platform's; desks elsewhere need not wait for it.
            raise RetryLater(later.seconds) from later

    async def _bring(self, delivery: Delivery) -> Brought:
        work = deskwork_from_json(delivery.body)
        if work.do is Do.NOTIFY:
            if self.notices is None:
                raise Refused("no mail is sent here")
            sent = await self.notices.notice(work.to, work.message.lang, work.title, self.page, key=delivery.key)
            return Brought(sent)
        desk = self.desks.get(work.desk)
        if desk is None:
            raise Gone("there is no such desk")
        if work.do is Do.OPEN:
            thread = await desk.open(work.title, work.message, key=delivery.key)
            return Brought(thread, DeskThread(desk=work.desk, thread=thread, case=work.case))
        return Brought(await self._do(desk, work, delivery.key))

    async def _do(self, desk: Desk, work: DeskWork, key: str) -> str:
        thread = "" if work.do is Do.SAY else await self.store.thread(work.desk, work.case)
        if thread is None:
            raise Refused("the case has no thread there")
        match work.do:
            case Do.CLOSE:
                await desk.close(thread)
            case Do.REOPEN:
                await desk.reopen(thread)
            case Do.AMEND:
                posted = await self.store.sent(work.message.amends)
                if posted is None:
                    return await self._post(desk, thread, work.message, key)
                await desk.amend(thread, posted, work.message)
            case _:
                return await self._post(desk, thread, work.message, key)
        return ""

    async def _post(self, desk: Desk, thread: str, message: Message, key: str) -> str:
        file = message.file
        attached = (
            [Attachment(name=file.name, media_type=file.media_type, size=file.size, fetch=partial(self.fetch, file))]
            if file
            else []
        )
        return await desk.post(thread, message, key=key, attachments=attached)

    def lost(self, delivery: Delivery, why: str, _gone: bool) -> Arrival | None:
        """Tell the case that a desk did not get what it must know."""
        work = deskwork_from_json(delivery.body)
        if work.do not in (Do.OPEN, Do.POST):
            return None
        now = self.clock()
        body = events.to_json(events.NotDelivered(at=now, desk=work.desk, why=why))
        return Arrival(
            source=ENGINE, ext_id=f"lost:{delivery.key}", channel="", conversation="", body=body, at=now,
            desk=work.desk, case=work.case,
        )  # fmt: skip
