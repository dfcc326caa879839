"""Syncs as strangers' servers and programs make them, over HTTP through the whole channel: whatever they say, it reads on."""

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from typing import Any, Final

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.matrix import KeyStore, Login, MatrixChannel, open_client
from bot.render.markup import storable
from tests.contracts.channel import running
from tests.engine.kit import Clock
from tests.fuzz.homeserver import DEVICE, ME, Homeserver, homeserver
from tests.fuzz.kit import House, house
from tests.fuzz.mutation import TEXTS, Json, mutated, often

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANN: Final = "@ann:elsewhere.example"
DESK_ROOM: Final = "!desk"
NUMBERS: Final = itertools.count(1)


def event(kind: str, content: Json, *, sender: str = ANN, **rest: Any) -> Json:  # noqa: ANN401 - as servers write them
    """An event of a room."""
    return {"type": kind, "sender": sender, "event_id": "$1", "origin_server_ts": 1, "content": content, **rest}


def text(body: str, **more: Any) -> Json:  # noqa: ANN401
    """A message."""
    return event("m.room.message", {"msgtype": "m.text", "body": body, **more})


MEMBER: Final[Json] = {"membership": "join", "displayname": "Ann", "avatar_url": "mxc://a/b"}
ENCRYPTED: Final[Json] = {
    "algorithm": "m.megolm.v1.aes-sha2", "sender_key": "k" * 43, "ciphertext": "c" * 100,
    "session_id": "s" * 43, "device_id": "X",
}  # fmt: skip
FILE: Final[Json] = {
    "msgtype": "m.file", "body": "leping.pdf", "filename": "leping.pdf", "url": "mxc://a/b",
    "info": {"mimetype": "application/pdf", "size": 1000},
}  # fmt: skip
TIMELINE: Final[tuple[Json, ...]] = (
    text("kus on raamatukogu"),
    text("> <@teejuht:localhost> Mida soovite?\n\nkool", **{"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}),
    text("* kool", **{"m.new_content": {"msgtype": "m.text", "body": "kool"},
                      "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}}),
    text("lõimes", **{"m.relates_to": {"rel_type": "m.thread", "event_id": "$0", "is_falling_back": True}}),
    event("m.room.message", FILE),
    event("m.sticker", {"body": "🙂", "url": "mxc://a/b", "info": {}}),
    event("m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$0", "key": "1\ufe0f\u20e3"}}),
    event("m.room.redaction", {"redacts": "$0"}, redacts="$0"),
    event("m.room.encrypted", ENCRYPTED),
    event("m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_ms": 1}, state_key=""),
    event("m.room.member", MEMBER, state_key=ANN),
    event("m.room.member", MEMBER, sender=ME, state_key=ME, unsigned={"prev_content": {"membership": "invite"}}),
    event("m.room.name", {"name": "Jutt"}, state_key=""),
    event("m.room.power_levels", {"users": {ME: 100}, "events": {"m.room.name": 50}, "users_default": 0}, state_key=""),
    event("m.room.tombstone", {"body": "moved", "replacement_room": "!new"}, state_key=""),
    event("m.poll.start", {"m.poll": {"question": {"m.text": "?"}}}),
    event("m.call.invite", {"call_id": "1", "lifetime": 1, "offer": {"type": "offer", "sdp": ""}, "version": 0}),
)  # fmt: skip
INVITED: Final[Json] = {"events": [
    event("m.room.member", {"membership": "invite", "is_direct": True}, state_key=ME),
    event("m.room.join_rules", {"join_rule": "invite"}, state_key=""),
]}  # fmt: skip
TO_DEVICE: Final[Json] = {"events": [
    {"type": "m.room.encrypted", "sender": ANN, "content": {
        "algorithm": "m.olm.v1.curve25519-aes-sha2", "sender_key": "k" * 43, "ciphertext": {"x" * 43: {"type": 0, "body": "b"}}}},
    {"type": "m.room_key_request", "sender": ANN, "content": {
        "action": "request", "requesting_device_id": "X", "request_id": "1",
        "body": {"algorithm": "m.megolm.v1.aes-sha2", "room_id": "!room", "session_id": "s", "sender_key": "k"}}},
    {"type": "m.key.verification.request", "sender": ANN, "content": {"from_device": "X", "methods": [], "timestamp": 1}},
]}  # fmt: skip


def sync(timeline: list[Any] | None = None, **more: Any) -> Json:  # noqa: ANN401 - parts of it
    """What a homeserver answers, with these events in the room of a person."""
    events = [
        {**one, "event_id": f"${next(NUMBERS)}"} if isinstance(one, dict) and one.get("event_id") == "$1" else one
        for one in timeline or []
    ]
    room = {"timeline": {"events": events, "limited": False, "prev_batch": "p"}, "state": {"events": []}, **more.pop("room", {})}
    rooms = {"join": {"!room": room, **more.pop("join", {})}, "invite": {}, "leave": {}, **more.pop("rooms", {})}
    return {
        "next_batch": f"s{next(NUMBERS)}", "rooms": rooms, "device_one_time_keys_count": {"signed_curve25519": 50}, **more,
    }  # fmt: skip


FIRST: Final[tuple[Json, ...]] = (
    event("m.room.create", {"room_version": "11"}, sender=ANN, state_key=""),
    event("m.room.member", MEMBER, sender=ME, state_key=ME),
    event("m.room.member", MEMBER, state_key=ANN),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Homeserver, House]]:
    """The channel, in a room with a person and in one of a desk, before the real engine."""
    address = f"sqlite:///{tmp_path_factory.mktemp('matrix') / 'keys.db'}"
    async with homeserver() as server, house() as inside:
        login = Login(user=ME, device=DEVICE, token="t", homeserver=server.url)
        with closing(KeyStore.open(address)) as keys:
            keys.keep(login)
            await open_client(login, keys).close()
        channel = MatrixChannel(
            user=ME, keys=address, servers=["localhost"], recall=inside.store.cursor, say=lambda lang, id: f"{lang} {id}",
            clock=Clock(), desks={DESK_ROOM: "sampleton/matrix"}, first_wait=0.0,
        )  # fmt: skip
        async with running(channel, inside) as task:
            assert await server.asked.get() == ""
            desk = {"timeline": {"events": list(FIRST), "limited": False, "prev_batch": "p"}, "state": {"events": []}}
            await server.turn(sync(list(FIRST), join={DESK_ROOM: desk}))
            yield server, inside
            assert not task.done()


async def read_on(line: tuple[Homeserver, House], body: Json) -> None:
    """Have the bot read a sync, from which it must read on as the one that it was, and handle what came of it."""
    server, inside = line
    lives = server.lives
    assert await server.turn(body) == body["next_batch"]
    assert server.lives == lives
    assert await inside.dead() == []


def is_text(row: Json) -> bool:
    """Tell whether an event is a person's text in a room with them alone."""
    content = row.get("content")
    return (
        row.get("type") == "m.room.message"
        and row.get("sender") == ANN
        and isinstance(content, dict)
        and content.get("msgtype") == "m.text"
        and isinstance(content.get("body"), str)
        and bool(content["body"].strip())
        and set(content) <= {"msgtype", "body", "format", "formatted_body", "m.mentions"}
        and set(row) <= {"type", "sender", "event_id", "origin_server_ts", "content", "unsigned"}
        and isinstance(row.get("origin_server_ts"), int)
        and str(row.get("event_id")).startswith("$")
    )


@often(100)
@given(rows=st.lists(mutated(TIMELINE), min_size=1, max_size=3), where=st.sampled_from(("!room", DESK_ROOM)))
async def test_whatever_is_said_in_a_room_is_read_past(line: tuple[Homeserver, House], rows: list[Json], where: str) -> None:
    """The position goes on, the bot does not begin anew, and whatever is a text is kept."""
    body = sync(rows)
    if where == DESK_ROOM:
        body["rooms"]["join"] = {DESK_ROOM: body["rooms"]["join"]["!room"]}
    _, inside = line
    inside.ids()
    shown = body["rooms"]["join"][where]["timeline"]["events"]
    await read_on(line, body)
    if where == "!room" and not any(row.get("type") == "m.room.member" for row in rows):
        found = inside.ids()
        assert [row["event_id"] for row in shown if is_text(row) and row["event_id"] not in found] == []


@often(100)
@given(
    invited=mutated([INVITED]), state=st.lists(mutated(TIMELINE), max_size=2), device=mutated([TO_DEVICE]),
    left=st.lists(mutated(TIMELINE), max_size=2), names=TEXTS,
)  # fmt: skip
async def test_whatever_comes_beside_is_read_past(
    line: tuple[Homeserver, House], invited: Json, state: list[Json], device: Json, left: list[Json], names: str
) -> None:
    """Invitations of strangers, the state of rooms, keys sent to the device, rooms that are over."""
    rooms: Mapping[str, Any] = {
        "invite": {"!invite": {"invite_state": invited}},
        "leave": {"!left": {"timeline": {"events": left}}, storable(names) or "!": {}},
    }
    to_device = device if isinstance(device.get("events"), list) else {"events": []}
    await read_on(line, sync([], room={"state": {"events": state}}, rooms=rooms, to_device=to_device))


@often(80)
@given(body=mutated([sync([TIMELINE[0]], to_device=TO_DEVICE, rooms={"invite": {"!invite": {"invite_state": INVITED}}})], most=4))
async def test_after_whatever_the_homeserver_itself_says_the_next_message_is_heard(
    line: tuple[Homeserver, House], body: Json
) -> None:
    """A homeserver that is out of its mind for a while costs no message that comes after it."""
    server, inside = line
    await server.turn(body)
    inside.ids()
    for _ in range(5):
        good = sync([text("kus on kool")])
        [row] = good["rooms"]["join"]["!room"]["timeline"]["events"]
        await server.turn(good)
        if row["event_id"] in inside.ids():
            break
    else:
        raise AssertionError("nothing is heard any more")
    assert await inside.dead() == []


@pytest.mark.parametrize(
    "spoilt",
    [
        {"origin_server_ts": None}, {"origin_server_ts": "1"}, {"event_id": 5}, {"sender": []}, {"type": {}}, {"content": None},
        {"content": []}, {"state_key": 7},
    ],
    ids=str,
)  # fmt: skip
async def test_events_that_are_none_are_passed_over(line: tuple[Homeserver, House], spoilt: Json) -> None:
    """The library fails on them, and with it the whole sync did, at each repeat; the message beside one is heard."""
    good = text("kus on kool")
    body = sync([{**good, **spoilt}, good])
    line[1].ids()
    await read_on(line, body)
    assert line[1].ids() == [body["rooms"]["join"]["!room"]["timeline"]["events"][1]["event_id"]]
