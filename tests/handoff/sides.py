"""What residents and staff do and see, whichever platform they are on.

Knows both sides of a conversation as people have them; no platform.
"""

from collections.abc import Sequence
from typing import Protocol

from tests.handoff.shown import Eyes, Shown


class Resident(Protocol):
    """Somebody who asks. `accounts` is what the platform knows them by, and staff must not."""

    @property
    def eyes(self) -> Eyes: ...

    @property
    def accounts(self) -> Sequence[str]: ...

    @property
    def edits(self) -> bool: ...

    @property
    def deletes(self) -> bool: ...

    @property
    def page(self) -> bool: ...

    async def say(self, text: str) -> str:
        """Write a message and give its id."""

    async def choose(self, option: str) -> None:
        """Choose an option of the latest message that has it."""

    async def edit(self, message: str, text: str) -> None:
        """Put other words in the place of a message of theirs."""

    async def delete(self, message: str) -> None:
        """Take a message of theirs back."""

    async def send(self, name: str, media_type: str, content: bytes, caption: str = "") -> None:
        """Send a file."""

    async def content(self, shown: Shown) -> bytes:
        """Give what is in the file of a message."""

    def everything(self) -> str:
        """Give all that their program was sent, as it was sent."""


class Staff(Protocol):
    """A member of staff with a case before them. `accounts` is who they are, which residents must not see."""

    @property
    def eyes(self) -> Eyes: ...

    @property
    def accounts(self) -> Sequence[str]: ...

    @property
    def name(self) -> str: ...

    @property
    def edits(self) -> bool: ...

    @property
    def deletes(self) -> bool: ...

    async def open(self, code: str, *expected: str) -> Shown:
        """Wait for a case, and assert that its card says what is expected."""

    async def told(self, *expected: str) -> Shown:
        """Wait to be told something about the case, and assert that it says what is expected, where it says anything."""

    async def confirmed(self, *expected: str) -> None:
        """Wait to be told what was done here, where that is not plain to see."""

    async def reads(self, text: str) -> Shown:
        """Wait for a message of the resident's."""

    async def sees(self, text: str, *, instead_of: str) -> None:
        """Wait until a message says something else than it did."""

    async def claim(self) -> None:
        """Take the case."""

    async def say(self, text: str) -> str:
        """Write to the resident and give the message's id."""

    async def note(self, text: str) -> None:
        """Write something for colleagues."""

    async def send_topic(self, query: str) -> None:
        """Send a curated answer."""

    async def close(self) -> None:
        """End the case."""

    async def is_done(self) -> bool:
        """Tell whether the case looks ended where it is shown."""

    async def edit(self, message: str, text: str) -> None:
        """Put other words in the place of a message."""

    async def delete(self, message: str) -> None:
        """Take a message back."""

    async def send(self, name: str, media_type: str, content: bytes, caption: str = "") -> None:
        """Send a file to the resident."""

    async def content(self, shown: Shown) -> bytes:
        """Give what is in the file of a message."""

    async def everything(self) -> str:
        """Give all that was sent to the desk about the case, as it was sent."""
