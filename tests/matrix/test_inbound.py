"""What events of a room mean for the bot: who is answered, in which thread, and what is none of its business."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.events import Chose, Event, Opened, Said, SentFile, Unreadable, Withdrew
from bot.platforms.matrix.inbound import OPTIONS, Incoming, Place, Room, about, place_of, read

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ME = "@teejuht:localhost"
ANN = "@ann:localhost"
ROOM = "!room"
Json = dict[str, Any]


def event(kind: str = "m.room.message", *, sender: str = ANN, id: str = "$1", **rest: object) -> Json:
    """Make an event as a server sends it."""
    return {"type": kind, "sender": sender, "event_id": id, "origin_server_ts": 1, **rest}


def text(body: str, *, id: str = "$1", sender: str = ANN, more: Json | None = None) -> Json:
    """Make a text message."""
    return event(id=id, sender=sender, content={"msgtype": "m.text", "body": body, **(more or {})})


def thread(root: str, *, falling_back: bool = True, reply: str = "$0") -> Json:
    """Make the relation of a message in a thread."""
    return {"rel_type": "m.thread", "event_id": root, "is_falling_back": falling_back, "m.in_reply_to": {"event_id": reply}}


def edited(content: Json) -> Json:
    """Make new words for the message $1."""
    relation = {"rel_type": "m.replace", "event_id": "$1"}
    return text("* new", id="$2", more={"m.new_content": content, "m.relates_to": relation})


def hear(row: Json, *, public: bool = False, known: dict[str, Json] | None = None) -> Incoming | None:
    """Read an event of a room."""
    return read(row, Room(id=ROOM, me=ME, names=("Teejuht", "teejuht"), public=public, known=known or {}), NOW)


def heard(row: Json, *, public: bool = False, known: dict[str, Json] | None = None) -> Event:
    """Read an event that means something."""
    incoming = hear(row, public=public, known=known)
    assert incoming is not None
    return incoming.event


MENTION = {"m.mentions": {"user_ids": [ME]}}


# --- alone with the bot


def test_a_text_is_a_message() -> None:
    """It belongs to the room's one conversation, under the event's own id."""
    assert hear(text("Tere")) == Incoming(
        place=Place(room=ROOM), event=Said(at=NOW, text="Tere", message="$1"), ext_id="$1", message="$1"
    )


def test_a_conversation_is_named_after_its_room_and_thread() -> None:
    """The name can be read back, also of old rooms and events, whose ids have a server."""
    for place in (
        Place(room="!a:b.ee"),
        Place(room="!a"),
        Place(room="!a:b.ee", root="$c:d.ee"),
        Place(room="!a", root="$c-/+_"),
    ):
        assert place_of(place.conversation) == place


def test_what_it_said_itself_is_not_for_it() -> None:
    """Its own messages come back with every sync."""
    assert hear(text("Tere", sender=ME)) is None


@pytest.mark.parametrize("kind", ["m.notice", "m.server_notice", "m.key.verification.request"])
def test_programs_are_not_answered(kind: str) -> None:
    """Bots must not talk to each other."""
    assert hear(event(content={"msgtype": kind, "body": "hello"})) is None


def test_an_unknown_kind_of_message_is_read_by_its_words() -> None:
    """The specification asks for a body that people can read."""
    assert heard(event(content={"msgtype": "org.example.new", "body": "Tere"})) == Said(at=NOW, text="Tere", message="$1")


def test_coming_into_a_room_opens_the_conversation() -> None:
    """Only coming: a change of its name is told the same way."""
    joined = event("m.room.member", sender=ME, state_key=ME, content={"membership": "join"})
    assert heard(joined) == Opened(at=NOW)
    assert hear(joined | {"unsigned": {"prev_content": {"membership": "join"}}}) is None
    assert heard(joined | {"unsigned": {"prev_content": {"membership": "invite"}}}) == Opened(at=NOW)
    assert hear(joined, public=True) is None
    assert hear(joined | {"state_key": ANN, "sender": ANN}) is None


@pytest.mark.parametrize("sign", ["!", "/"])
def test_start_opens_with_what_it_carries(sign: str) -> None:
    """Clients keep the slash for themselves, so an exclamation mark does."""
    assert heard(text(f"{sign}start register-residence")) == Opened(at=NOW, payload="register-residence", message="$1")
    assert heard(text(f"{sign}START")) == Opened(at=NOW, message="$1")
    assert isinstance(heard(text("!starting")), Said)


def test_an_edit_is_the_question_anew() -> None:
    """It counts as the message that it replaces, and is answered where that stood."""
    edit = edited({"msgtype": "m.text", "body": "new"})
    assert about(edit, public=False) == {"$1"}
    assert heard(edit) == Said(at=NOW, text="new", edited=True, message="$1")
    known = {"$1": text("old", more={"m.relates_to": thread("$root")})}
    assert heard(edit, known=known) == Said(at=NOW, text="new", edited=True, message="$1", thread="$root")


def test_a_reply_is_read_without_what_it_quotes() -> None:
    """Older clients put the quotation before the words."""
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}
    assert heard(text("> <@teejuht:localhost> Hello\n> more\n\nThanks\n> mine", more=reply)) == Said(
        at=NOW, text="Thanks\n> mine", message="$1", quoted="Hello\nmore"
    )
    assert heard(text("> <not a reply")) == Said(at=NOW, text="> <not a reply", message="$1")


def test_a_reply_tells_what_it_replies_to() -> None:
    """As it is known, else as the client quotes it; in a thread clients only pretend to reply, and in public it is not told."""
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}
    before = {"$0": text("Which school?", id="$0", sender=ME)}
    assert about(text("this one", more=reply), public=False) == {"$0"}
    assert heard(text("this one", more=reply), known=before) == Said(
        at=NOW, text="this one", message="$1", quoted="Which school?"
    )
    older = text("> <@teejuht:localhost> Which\n\nthis one", more=reply)
    assert heard(older, known=before) == Said(at=NOW, text="this one", message="$1", quoted="Which school?")
    assert heard(text("this one", more=reply)) == Said(at=NOW, text="this one", message="$1")
    inside = text("this one", more={"m.relates_to": thread("$root")})
    assert about(inside, public=False) == set()
    assert heard(inside, known=before) == Said(at=NOW, text="this one", message="$1", thread="$root")
    in_public = heard(text("this one", more=reply), public=True, known=before)
    assert in_public == Said(at=NOW, text="this one", message="$1", thread="$1", public=True)


def test_a_thread_is_answered_there() -> None:
    """Alone with the bot it is the same conversation."""
    incoming = hear(text("Tere", more={"m.relates_to": thread("$root")}))
    assert incoming is not None
    assert incoming.place == Place(room=ROOM)
    assert incoming.event == Said(at=NOW, text="Tere", message="$1", thread="$root")


@pytest.mark.parametrize(
    ("msgtype", "kind"),
    [("m.image", "photo"), ("m.file", "document"), ("m.audio", "audio"), ("m.video", "video"), ("m.location", "location")],
)
def test_a_file_is_told_with_its_caption(msgtype: str, kind: str) -> None:
    """A file's own name is no caption."""
    name = "" if kind == "location" else "scan.jpg"
    named = {"msgtype": msgtype, "body": "scan.jpg"}
    assert heard(event(content=named)) == SentFile(at=NOW, kind=kind, message="$1", name=name)
    named |= {"filename": "scan.jpg"}
    assert heard(event(content=named)) == SentFile(at=NOW, kind=kind, message="$1", name=name)
    captioned = heard(event(content={**named, "body": "what is this?"}))
    assert captioned == SentFile(at=NOW, kind=kind, text="what is this?", message="$1", name=name)


def test_stickers_and_polls_are_files_too() -> None:
    """They say something that is not text."""
    assert heard(event("m.sticker", content={"body": "a cat", "url": "mxc://a/b"})) == SentFile(
        at=NOW, kind="sticker", message="$1", ref='{"url": "mxc://a/b"}'
    )
    assert heard(event("m.poll.start", content={})) == SentFile(at=NOW, kind="poll", message="$1")


def test_what_cannot_be_decrypted_is_told() -> None:
    """The person learns of it; in public nobody knows whether it was for the bot."""
    encrypted = event("m.room.encrypted", content={"algorithm": "m.megolm.v1.aes-sha2", "m.relates_to": thread("$root")})
    assert heard(encrypted) == Unreadable(at=NOW, message="$1", thread="$root")
    assert hear(encrypted, public=True) is None


@pytest.mark.parametrize("key", ["2\ufe0f\u20e3", "2\u20e3"])
def test_a_keycap_chooses_an_option_of_the_message_below_which_it_stands(key: str) -> None:
    """Also of an old message, and also when another came since."""
    reaction = event("m.reaction", content={"m.relates_to": {"rel_type": "m.annotation", "event_id": "$9", "key": key}})
    ours = text("1. A\n2. B", id="$9", sender=ME, more={OPTIONS: ["menu", "topic:school"]})
    assert about(reaction, public=False) == {"$9"}
    assert heard(reaction, known={"$9": ours}) == Chose(at=NOW, option="topic:school")


def test_the_keycap_ten() -> None:
    """It is a letter of its own."""
    reaction = event("m.reaction", content={"m.relates_to": {"rel_type": "m.annotation", "event_id": "$9", "key": "🔟"}})
    ours = text("...", id="$9", sender=ME, more={OPTIONS: [f"menu:{n}" for n in range(1, 11)]})
    assert heard(reaction, known={"$9": ours}) == Chose(at=NOW, option="menu:10")


@pytest.mark.parametrize("key", ["👍", "3\ufe0f\u20e3", "0\ufe0f\u20e3", "2", "", None])
def test_other_reactions_need_no_answer(key: str | None) -> None:
    """Thumbs, numbers that no option has, and keycaps below other people's messages."""
    reaction = event("m.reaction", content={"m.relates_to": {"rel_type": "m.annotation", "event_id": "$9", "key": key}})
    ours = text("1. A\n2. B", id="$9", sender=ME, more={OPTIONS: ["menu", "help"]})
    assert hear(reaction, known={"$9": ours}) is None


def test_a_keycap_below_somebody_elses_message_means_nothing() -> None:
    """Nobody else gives the bot options, though a message may pretend to."""
    reaction = event(
        "m.reaction", content={"m.relates_to": {"rel_type": "m.annotation", "event_id": "$9", "key": "1\ufe0f\u20e3"}}
    )
    assert hear(reaction, known={"$9": text("1. A", id="$9", sender=ANN, more={OPTIONS: ["menu"]})}) is None
    assert hear(reaction) is None


@pytest.mark.parametrize("row", [{"redacts": "$7"}, {"content": {"redacts": "$7"}}])
def test_a_message_taken_back_takes_its_text_along(row: Json) -> None:
    """Room versions write its id in one of two places."""
    incoming = hear(event("m.room.redaction", **row))
    assert incoming is not None
    assert incoming.event == Withdrew(at=NOW, message="$7")
    assert incoming.withdraws == "$7"


# --- where others read along


def test_in_public_only_what_is_meant_for_it_is_read() -> None:
    """A question to it opens a thread, which is a conversation of its own."""
    assert hear(text("Tere kõik"), public=True) is None
    incoming = hear(text("Teejuht: where is the library?", more=MENTION), public=True)
    assert incoming is not None
    assert incoming.place == Place(room=ROOM, root="$1")
    assert incoming.event == Said(at=NOW, text="where is the library?", message="$1", thread="$1", public=True)


@pytest.mark.parametrize("body", ["Teejuht: hi", "teejuht: hi", f"{ME} hi", f"hi {ME}", f"{ME}: hi", "hi"])
def test_the_bots_name_is_no_part_of_the_question(body: str) -> None:
    """However a client writes a mention."""
    assert heard(text(body, more=MENTION), public=True) == Said(at=NOW, text="hi", message="$1", thread="$1", public=True)


def test_programs_that_mark_no_mentions_name_it_in_words() -> None:
    """Where mentions are marked, a name in the words alone is none."""
    assert isinstance(heard(text("Teejuht: hi"), public=True), Said)
    assert isinstance(heard(text(f"ask {ME}"), public=True), Said)
    assert hear(text("Teejuht: hi", more={"m.mentions": {}}), public=True) is None
    assert hear(text("I like Teejuht"), public=True) is None


def test_a_name_alone_asks_what_it_is() -> None:
    """Who only names it is told what it does."""
    assert heard(text("Teejuht", more=MENTION), public=True) == Opened(at=NOW, message="$1", thread="$1", public=True)


def test_a_thread_that_began_with_a_mention_is_its_own() -> None:
    """Nobody has to name it again there."""
    asked = text("Teejuht: where is the library?", id="$1", more=MENTION)
    further = text("and when is it open?", id="$2", more={"m.mentions": {}, "m.relates_to": thread("$1")})
    assert about(further, public=True) == {"$1", "$0"}
    incoming = hear(further, public=True, known={"$1": asked})
    assert incoming is not None
    assert incoming.place == Place(room=ROOM, root="$1")
    assert incoming.event == Said(at=NOW, text="and when is it open?", message="$2", thread="$1", public=True)
    assert hear(further, public=True, known={"$1": text("lunch?", id="$1")}) is None
    assert hear(further, public=True) is None


def test_a_reply_to_it_is_meant_for_it() -> None:
    """In a thread clients mark every message as a reply to the last one, which says nothing."""
    ours = text("The library is ...", id="$5", sender=ME, more={"m.relates_to": thread("$1")})
    reply = text("and when?", id="$6", more={"m.mentions": {}, "m.relates_to": {"m.in_reply_to": {"event_id": "$5"}}})
    incoming = hear(reply, public=True, known={"$5": ours})
    assert incoming is not None
    assert incoming.place == Place(room=ROOM, root="$1")
    others = text("lunch", id="$6", more={"m.mentions": {}, "m.relates_to": thread("$4", reply="$5")})
    assert hear(others, public=True, known={"$5": ours, "$4": text("lunch?", id="$4")}) is None


def test_an_edit_in_public_stays_in_its_thread() -> None:
    """It is meant for the bot if the new words are."""
    edit = edited({"msgtype": "m.text", "body": "Teejuht: new", **MENTION})
    assert heard(edit, public=True) == Said(at=NOW, text="new", edited=True, message="$1", thread="$1", public=True)
    edit["content"]["m.new_content"] |= {"m.mentions": {}}
    assert hear(edit, public=True) is None


def test_files_in_public_are_told_only_with_words_to_the_bot() -> None:
    """A picture for the others is none of its business."""
    photo = {"msgtype": "m.image", "body": "Teejuht: what is this?", "filename": "a.jpg", **MENTION}
    assert heard(event(content=photo), public=True) == SentFile(
        at=NOW, kind="photo", text="what is this?", message="$1", thread="$1", public=True, name="a.jpg"
    )
    assert hear(event(content={**photo, "body": "a.jpg"}), public=True) is None
    assert hear(event("m.poll.start", content={}), public=True) is None


# --- whatever comes

NAMES = st.sampled_from(
    (
        *("body", "msgtype", "m.relates_to", "rel_type", "event_id", "m.in_reply_to", "m.new_content", "m.mentions", "user_ids"),
        *("info", "url", "file", "size", "mimetype", "hashes", "sha256", "k", "iv"),
        *("key", "filename", "redacts", "membership", "unsigned", "prev_content", "content", OPTIONS, "is_falling_back"),
    )
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=20,
)
KINDS = st.sampled_from(
    ["m.room.message", "m.sticker", "m.reaction", "m.room.redaction", "m.room.encrypted", "m.room.member", "m.poll.start", "x"]
)


@given(row=ODD.filter(lambda row: isinstance(row, dict)), kind=KINDS, known=ODD, public=st.booleans())
def test_any_event_is_read_or_passed_over(row: Json, kind: str, known: object, *, public: bool) -> None:
    """People's programs write what they like into an event."""
    row = {"sender": ANN, "event_id": "$1", **row, "type": kind}
    about(row, public=public)
    rows = dict.fromkeys(about(row, public=public), known) if isinstance(known, dict) else {}
    incoming = hear(row, public=public, known=rows)
    assert incoming is None or incoming.place.room == ROOM
