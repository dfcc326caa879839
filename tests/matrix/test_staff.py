"""What staff do in the room of a desk, and what of it the desk need not know."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.events import Event, StaffChose, StaffSaid, StaffSentFile, StaffWithdrew
from bot.platforms.matrix.inbound import OPTIONS, Incoming, Place
from bot.platforms.matrix.reading import arrival
from bot.platforms.matrix.staff import DeskRoom, about, read

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ME = "@teejuht:localhost"
MARI = "@mari:localhost"
JAAN = "@jaan:localhost"
ROOM = "!room"
DESK = "kohtla-jarve/matrix"
WHO: dict[str, Any] = {"desk": DESK, "staff": f"matrix:{MARI}", "name": "Mari"}
Json = dict[str, Any]


def event(kind: str = "m.room.message", *, sender: str = MARI, id: str = "$1", **rest: object) -> Json:
    """Make an event as a server sends it."""
    return {"type": kind, "sender": sender, "event_id": id, "origin_server_ts": 1, **rest}


def text(body: str, *, id: str = "$1", sender: str = MARI, more: Json | None = None) -> Json:
    """Make a text message."""
    return event(id=id, sender=sender, content={"msgtype": "m.text", "body": body, **(more or {})})


def inside(root: str = "$card", *, reply: str = "") -> Json:
    """Make the relation of a message in a thread, and perhaps a reply to one in it."""
    replied = {"m.in_reply_to": {"event_id": reply or root}}
    return {"m.relates_to": {"rel_type": "m.thread", "event_id": root, "is_falling_back": not reply, **replied}}


def edit(body: str, *, sender: str = MARI) -> Json:
    """Make new words for the message $1."""
    relation = {"rel_type": "m.replace", "event_id": "$1"}
    content = {"m.new_content": {"msgtype": "m.text", "body": body}, "m.relates_to": relation}
    return text(f"* {body}", id="$2", sender=sender, more=content)


def keycap(target: str, key: str = "1\ufe0f\u20e3") -> Json:
    """Make a reaction."""
    return event("m.reaction", content={"m.relates_to": {"rel_type": "m.annotation", "event_id": target, "key": key}})


def hear(row: Json, known: dict[str, Json] | None = None) -> Incoming | None:
    """Read an event of the desk's room."""
    return read(row, DeskRoom(id=ROOM, desk=DESK, me=ME, caller="Mari", known=known or {}), NOW)


def heard(row: Json, known: dict[str, Json] | None = None) -> tuple[str, Event]:
    """Read an event that means something, as its thread and what it is."""
    incoming = hear(row, known)
    assert incoming is not None
    assert (incoming.desk, incoming.place.room) == (DESK, ROOM)
    return incoming.place.root, incoming.event


def test_what_staff_write_belongs_to_the_thread_of_the_case() -> None:
    """Or to the desk itself, in the room's own timeline."""
    assert heard(text("Homme", more=inside())) == ("$card", StaffSaid(at=NOW, text="Homme", message="$1", **WHO))
    assert heard(text("Tere")) == ("", StaffSaid(at=NOW, text="Tere", message="$1", **WHO))


def test_it_arrives_without_a_conversation() -> None:
    """Whose case it is the store knows."""
    incoming = hear(text("Homme", more=inside()))
    assert incoming is not None
    found = arrival("matrix:@teejuht:localhost", incoming)
    assert (found.channel, found.conversation, found.desk, found.thread, found.ext_id) == ("", "", DESK, "$card", "$1")
    taken = hear(event("m.room.redaction", id="$3", redacts="$1"), {"$1": text("Homme", more=inside())})
    assert taken is not None
    found = arrival("matrix:@teejuht:localhost", taken)
    assert (found.thread, found.withdraws, found.ext_id) == ("$card", "$1", "$3")


def test_a_reply_is_told_with_what_it_replies_to() -> None:
    """Also in a thread, where most messages only pretend to be replies."""
    said = {"$5": text("millal?", id="$5", sender=ME, more=inside())}
    row = text("Homme", more=inside(reply="$5"))
    assert about(row) == {"$5"}
    assert heard(row, said) == ("$card", StaffSaid(at=NOW, text="Homme", message="$1", quoted="millal?", **WHO))
    old = text("> <@a:b> millal?\n\nHomme", more=inside(reply="$5"))
    assert heard(old) == ("$card", StaffSaid(at=NOW, text="Homme", message="$1", quoted="millal?", **WHO))
    assert about(text("Homme", more=inside())) == set()


def test_new_words_are_the_same_message() -> None:
    """In the thread where it stood; nobody can put words into a colleague's mouth or into a thread that is not known."""
    first = {"$1": text("Homme", more=inside())}
    assert about(edit("Ülehomme")) == {"$1"}
    assert heard(edit("Ülehomme"), first) == (
        "$card",
        StaffSaid(at=NOW, text="Ülehomme", message="$1", edited=True, **WHO),
    )
    assert hear(edit("Ülehomme", sender=JAAN), first) is None
    assert hear(edit("Ülehomme")) is None


def test_a_thread_that_no_database_keeps() -> None:
    """Servers hand on whatever a program calls an event; it is the thread of no case."""
    assert heard(text("Homme", more=inside("$a\x00b\ud83d")))[0] == "$a\ufffdb\ufffd"


def test_a_keycap_chooses_an_option_of_the_card_or_in_its_thread() -> None:
    """The card stands in the timeline and is the thread itself."""
    options = {OPTIONS: ["claim:42", "close:42"]}
    chose = StaffChose(at=NOW, option="claim:42", **WHO)
    assert about(keycap("$card")) == {"$card"}
    assert heard(keycap("$card"), {"$card": text("KJ-0042", id="$card", sender=ME, more=options)}) == ("$card", chose)
    later = text("more", id="$7", sender=ME, more={**options, **inside()})
    assert heard(keycap("$7"), {"$7": later}) == ("$card", chose)


@pytest.mark.parametrize("key", ["👍", "✅", "3\ufe0f\u20e3", ""])
def test_other_reactions_mean_nothing(key: str) -> None:
    """Colleagues like things; and only our own messages have options."""
    card = text("KJ-0042", id="$card", sender=ME, more={OPTIONS: ["claim:42", "close:42"]})
    assert hear(keycap("$card", key), {"$card": card}) is None
    assert hear(keycap("$card"), {"$card": {**card, "sender": JAAN}}) is None
    assert hear(keycap("$card")) is None


def test_a_file_is_told_with_how_to_fetch_it() -> None:
    """With its caption."""
    content = {
        "msgtype": "m.file",
        "body": "palun",
        "filename": "leping.pdf",
        "url": "mxc://a/b",
        "info": {"mimetype": "application/pdf", "size": 7},
        **inside(),
    }
    assert heard(event(content=content)) == (
        "$card",
        StaffSentFile(
            at=NOW,
            kind="document",
            text="palun",
            message="$1",
            file_name="leping.pdf",
            media_type="application/pdf",
            size=7,
            ref='{"url": "mxc://a/b"}',
            **WHO,
        ),
    )


def test_a_message_taken_back() -> None:
    """In the thread where it stood, as far as that is known; reactions and our own messages are none of theirs."""
    row = event("m.room.redaction", id="$3", content={"redacts": "$1"})
    withdrew = StaffWithdrew(at=NOW, desk=DESK, message="$1", staff=f"matrix:{MARI}")
    assert about(row) == {"$1"}
    assert heard(row, {"$1": text("Homme", more=inside())}) == ("$card", withdrew)
    assert heard(row) == ("", withdrew)
    assert hear(row, {"$1": text("KJ-0042", sender=ME)}) is None
    assert hear(row, {"$1": keycap("$card")}) is None


@pytest.mark.parametrize(
    "row",
    [
        text("Tere", sender=ME),
        event(content={"msgtype": "m.notice", "body": "I am a program"}),
        event(content={"msgtype": "m.key.verification.request", "body": "x"}),
        event("m.room.member", state_key=ME, content={"membership": "join"}),
        event("m.room.member", sender=ME, state_key=ME, content={"membership": "join"}),
        event("m.room.encrypted", content={"algorithm": "m.megolm.v1.aes-sha2"}),
        event("m.room.topic", state_key="", content={"topic": "x"}),
    ],
)
def test_what_the_desk_need_not_know(row: Json) -> None:
    """Ourselves, programs, who comes and goes, and what nobody could read."""
    assert hear(row) is None


NAMES = st.sampled_from(
    (
        *("body", "msgtype", "m.relates_to", "rel_type", "event_id", "m.in_reply_to", "m.new_content", "is_falling_back"),
        *("key", "filename", "redacts", "content", "sender", "url", "file", "info", OPTIONS),
    )
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["m.replace", "m.thread", "m.image", ME]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)
KINDS = st.sampled_from(["m.room.message", "m.sticker", "m.reaction", "m.room.redaction", "m.room.encrypted", "x"])


@given(row=ODD.filter(lambda row: isinstance(row, dict)), kind=KINDS, known=ODD)
def test_any_event_is_read_or_passed_over(row: Json, kind: str, known: object) -> None:
    """Whatever programs write; what comes of it can be kept."""
    row = {"sender": MARI, "event_id": "$1", **row, "type": kind}
    rows = dict.fromkeys(about(row), known) if isinstance(known, dict) else {}
    incoming = hear(row, rows)
    assert incoming is None or incoming.place == Place(room=ROOM, root=incoming.place.root)
    assert incoming is None or arrival("matrix", incoming).desk == DESK
