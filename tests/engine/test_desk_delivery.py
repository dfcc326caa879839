"""What is done with the rows that go to desks: which call each becomes, and what follows when it cannot be made."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import pytest

from bot.core.effects import Do
from bot.core.events import NotDelivered, from_json
from bot.delivery import ToDesks
from bot.errors import Gone, Refused, RetryLater
from bot.outgoing import FILE_SECONDS, SEND_SECONDS, has_file
from bot.ports import (
    DESKS,
    Ability,
    Attachment,
    Delivery,
    DeskThread,
    DeskWork,
    File,
    Message,
    Part,
    deskwork_from_json,
    deskwork_to_json,
    message_to_json,
)

NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DESK: Final = "kohtla-jarve/telegram"
TEXT: Final = Message(lang="et", parts=(Part(markdown="tere"),))
PHOTO: Final = File(name="a.jpg", media_type="image/jpeg", size=3, ref="x", channel="telegram")


@dataclass
class Notebook:
    """A desk that writes down what is done there."""

    name: str = DESK
    ability: Ability = field(default_factory=lambda: Ability(max_chars=4000))
    done: list[tuple[object, ...]] = field(default_factory=list)
    trouble: Exception | None = None

    async def open(self, case: str, card: Message, *, key: str) -> str:
        """Give a thread."""
        if self.trouble:
            raise self.trouble
        self.done.append(("open", case, card, key))
        return "7"

    async def post(self, thread: str, message: Message, *, key: str, attachments: Sequence[Attachment] = ()) -> str:
        """Read the files too."""
        self.done.append(("post", thread, message, key, [(one.name, await one.fetch()) for one in attachments]))
        return "8"

    async def amend(self, thread: str, posted: str, message: Message) -> None:
        """Note it."""
        self.done.append(("amend", thread, posted, message))

    async def close(self, thread: str) -> None:
        """Note it."""
        self.done.append(("close", thread))

    async def reopen(self, thread: str) -> None:
        """Note it."""
        self.done.append(("reopen", thread))

    async def problems(self) -> Sequence[str]:
        """Have none."""
        return ()


class Kept:
    """A store that knows one thread and one message."""

    async def thread(self, desk: str, case: int) -> str | None:
        """Case 42 has one."""
        return "7" if (desk, case) == (DESK, 42) else None

    async def sent(self, key: str) -> str | None:
        """The line was sent."""
        return "55" if key == "line" else None


@dataclass
class Letters:
    """Where notices are sent."""

    sent: list[tuple[str, ...]] = field(default_factory=list)

    async def notice(self, to: str, lang: str, code: str, url: str, *, key: str) -> str:
        """Note it."""
        self.sent.append((to, lang, code, url, key))
        return "mail"


async def read(file: File) -> bytes:
    """Give a file's name as its content."""
    return file.name.encode()


def to_desks(desk: Notebook, letters: Letters | None = None) -> ToDesks:
    """Put it together with one desk."""
    return ToDesks(
        desks={DESK: desk}, store=Kept(), fetch=read, clock=lambda: NOW, notices=letters, page="https://juht.example.ee"
    )


def delivery(do: Do, *, case: int = 42, message: Message = TEXT, desk: str = DESK, title: str = "", to: str = "") -> Delivery:
    """A row of the outbox."""
    work = DeskWork(do=do, desk=desk, case=case, message=message, title=title, to=to)
    return Delivery(id=1, key="k", channel=DESKS, conversation=None, lane=f"{desk}#{case}", body=deskwork_to_json(work))


async def test_opening_tells_the_thread() -> None:
    """The thread is kept with the case that it was opened for."""
    desk = Notebook()
    brought = await to_desks(desk).bring(delivery(Do.OPEN, title="KJ-0042 ru"))
    assert desk.done == [("open", "KJ-0042 ru", TEXT, "k")]
    assert (brought.remote_id, brought.thread) == ("7", DeskThread(desk=DESK, thread="7", case=42))


@pytest.mark.parametrize(
    ("do", "message", "done"),
    [
        (Do.POST, TEXT, ("post", "7", TEXT, "k", [])),
        (Do.POST, replace(TEXT, file=PHOTO), ("post", "7", replace(TEXT, file=PHOTO), "k", [("a.jpg", b"a.jpg")])),
        (Do.SAY, TEXT, ("post", "", TEXT, "k", [])),
        (Do.CLOSE, TEXT, ("close", "7")),
        (Do.REOPEN, TEXT, ("reopen", "7")),
        (Do.AMEND, replace(TEXT, amends="line"), ("amend", "7", "55", replace(TEXT, amends="line"))),
        (Do.AMEND, replace(TEXT, amends="never sent"), ("post", "7", replace(TEXT, amends="never sent"), "k", [])),
    ],
    ids=["post", "file", "say", "close", "reopen", "amend", "amend what was never sent"],
)
async def test_each_work_is_one_call(do: Do, message: Message, done: tuple[object, ...]) -> None:
    """In the case's thread, or in the general room."""
    desk = Notebook()
    await to_desks(desk).bring(delivery(do, message=message))
    assert desk.done == [done]


async def test_a_notice_is_no_desks() -> None:
    """It goes to the resident's address with the page where they read; without mail it is refused."""
    letters = Letters()
    row = delivery(Do.NOTIFY, desk="", title="KJ-0042", to="mari@example.ee")
    await to_desks(Notebook(), letters).bring(row)
    assert letters.sent == [("mari@example.ee", "et", "KJ-0042", "https://juht.example.ee", "k")]
    with pytest.raises(Refused):
        await to_desks(Notebook()).bring(row)


async def test_a_desk_that_is_not_there() -> None:
    """One that the operator has taken away is gone; a case without a thread there cannot be spoken of."""
    with pytest.raises(Gone):
        await to_desks(Notebook()).bring(delivery(Do.POST, desk="narva/telegram"))
    with pytest.raises(Refused):
        await to_desks(Notebook()).bring(delivery(Do.POST, case=43))


async def test_a_platforms_limit_holds_up_its_own_desks_only() -> None:
    """Other desks share the queue, but not the account that is told to wait."""
    desk = Notebook(trouble=RetryLater(7, whole_channel=True))
    with pytest.raises(RetryLater) as caught:
        await to_desks(desk).bring(delivery(Do.OPEN))
    assert (caught.value.seconds, caught.value.whole_channel) == (7, False)


@pytest.mark.parametrize("do", [Do.OPEN, Do.POST])
def test_what_staff_must_know_comes_back(do: Do) -> None:
    """A case hears of it when a desk does not get what it must know."""
    found = to_desks(Notebook()).lost(delivery(do), "Gone", True)
    assert found is not None
    assert (found.case, found.conversation, found.channel, found.ext_id) == (42, "", "", "lost:k")
    assert from_json(found.body, NOW) == NotDelivered(at=NOW, desk=DESK, why="Gone")


@pytest.mark.parametrize("do", [Do.AMEND, Do.CLOSE, Do.REOPEN, Do.SAY, Do.NOTIFY])
def test_what_nobody_waits_for_does_not(do: Do) -> None:
    """A thread that cannot be closed changes nothing for the resident."""
    assert to_desks(Notebook()).lost(delivery(do), "Refused", False) is None


def test_files_get_more_time() -> None:
    """They are fetched and sent; a claim of the outbox holds for longer."""
    assert SEND_SECONDS < FILE_SECONDS < 60
    assert has_file(delivery(Do.POST, message=replace(TEXT, file=PHOTO)).body)
    assert has_file(message_to_json(replace(TEXT, file=PHOTO)))
    assert not has_file(delivery(Do.POST).body)
    assert not has_file(message_to_json(TEXT))


def test_work_comes_back_as_it_was() -> None:
    """What is to be done survives the outbox."""
    work = DeskWork(do=Do.OPEN, desk=DESK, case=42, message=replace(TEXT, file=PHOTO), title="KJ-0042", to="a@b.ee")
    assert deskwork_from_json(deskwork_to_json(work)) == work
