"""What staff do on the page of a case: a posted form in, a core event out.

Knows the fields of the form and their limits; not who may do what with a case.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import parse_qsl

from bot.core.events import StaffChose, StaffEvent, StaffSaid
from bot.platforms.web.inbound import Rejected
from bot.render.markup import storable

MAX_BYTES = 128 * 1024
MAX_TEXT = 8000
MAX_NAME = 60
MAX_FIELDS = 16
NO_COMMAND = "\N{ZERO WIDTH SPACE}"
"""Before a reply that would be read as a command; whatever is written in the field for replies is meant for the resident."""


class Act(StrEnum):
    """What can be done with a case."""

    CLAIM = "claim"
    REPLY = "reply"
    NOTE = "note"
    SEND = "send"
    TRANSFER = "transfer"
    CLOSE = "close"
    NAME = "name"
    """Say who one is; does nothing with the case."""


WRITTEN = frozenset({Act.REPLY, Act.NOTE, Act.SEND})
"""What needs a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form as it was posted. `nonce` and `check` come from the page that it stood on."""

    act: Act
    text: str
    desk: str
    name: str
    nonce: str
    check: str

    def id(self) -> str:
        """Name what is done: the same form again is the same, another text on the same page is not."""
        said = "\0".join((self.nonce, self.act, self.text, self.desk))
        return hashlib.sha256(said.encode()).hexdigest()[:32]


def read_form(body: bytes) -> Form:
    """Read a posted form. Errors: Rejected."""
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"))
        act = Act(fields.get("do", ""))
    except ValueError:
        raise Rejected("not-a-form") from None
    clean = {name: storable(value).replace("\r\n", "\n").replace("\r", "\n").strip() for name, value in fields.items()}
    return Form(
        act=act,
        text=clean.get("text", ""),
        desk=clean.get("desk", ""),
        name=plain_name(clean.get("name", "")),
        nonce=clean.get("nonce", ""),
        check=clean.get("check", ""),
    )


def event_of(form: Form, *, desk: str, name: str, at: datetime) -> StaffEvent:
    """Say what a form does. Nobody is known by name: the link belongs to the desk, the name is what they call themselves."""
    staff = f"mail:{desk}"
    if form.act in WRITTEN:
        return StaffSaid(at=at, text=_said(form), desk=desk, staff=staff, name=name, message=form.id())
    option = f"case:{form.act}" + (f":{form.desk}" if form.act is Act.TRANSFER else "")
    return StaffChose(at=at, option=option, desk=desk, staff=staff, name=name)


def new_nonce() -> str:
    """Make what tells one showing of a page from every other."""
    return secrets.token_urlsafe(16)


def check_of(token: str, nonce: str) -> str:
    """Prove that a nonce was given out on a case's page: who does not have the link cannot make it."""
    return hmac.digest(token.encode(), nonce.encode(), "sha256").hex()


def is_genuine(form: Form, token: str) -> bool:
    """Tell whether a form comes from a page of this link."""
    return bool(form.nonce) and hmac.compare_digest(form.check.encode(), check_of(token, form.nonce).encode())


def plain_name(text: str) -> str:
    """Give a name on one line, without signs that cannot be seen."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(kept.split())[:MAX_NAME].strip()


def _said(form: Form) -> str:
    """Write a text as staff would in a chat: a reply is never read as a command."""
    match form.act:
        case Act.NOTE:
            return f"/note {form.text}"
        case Act.SEND:
            return f"/send {' '.join(form.text.split())}"
        case _:
            return f"{NO_COMMAND}{form.text}" if form.text.startswith(("/", "!", "@")) else form.text
