"""Whatever people's programs and other servers write into events, a sync is taken in: it would come again for ever otherwise."""

import asyncio
from contextlib import closing
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st
from nio import SyncResponse

from bot.platforms.matrix import KeyStore, Login, open_client
from bot.platforms.matrix.homeserver import tame

LOGIN: Final = Login(user="@teejuht:localhost", device="D", token="t", homeserver="http://127.0.0.1:1")
KINDS: Final = (
    *("message", "member", "encrypted", "redaction", "power_levels", "name", "topic", "create", "join_rules", "canonical_alias"),
    *("encryption", "tombstone", "avatar", "history_visibility", "guest_access"),
)
NAMES = st.sampled_from(
    (
        *(
            "body",
            "msgtype",
            "m.relates_to",
            "membership",
            "displayname",
            "avatar_url",
            "users",
            "events",
            "users_default",
            "url",
        ),
        *("algorithm", "sender_key", "session_id", "device_id", "ciphertext", "redacts", "name", "topic", "alias", "info", "via"),
        *(
            "redacted_because",
            "creator",
            "replacement_room",
            "version",
            "call_id",
            "offer",
            "m.new_content",
            "m.federate",
            "type",
        ),
        *("room_version", "predecessor", "history_visibility", "join_rule"),
    )
)
WORDS = st.sampled_from(("m.text", "m.image", "join", "leave", "invite", "ban", "m.megolm.v1.aes-sha2", "@ann:localhost", "1"))
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=12,
)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from([*(f"m.room.{kind}" for kind in KINDS), "m.reaction", "m.sticker", "m.call.invite", "x"]),
            "sender": st.sampled_from([LOGIN.user, "@ann:localhost", "x"]),
            "event_id": st.just("$1"),
            "origin_server_ts": st.just(1),
            "content": st.dictionaries(NAMES, ODD, max_size=8),
        },
        optional={"state_key": st.sampled_from(["", LOGIN.user]) | ODD, "unsigned": ODD, "redacts": ODD},
    ),
    max_size=3,
)


@given(state=EVENTS, timeline=EVENTS, to_device=EVENTS)
def test_any_sync_is_taken_in(state: list[Any], timeline: list[Any], to_device: list[Any]) -> None:
    """Events of any shape, in rooms of every kind and beside them."""
    asyncio.run(take_in(state, timeline, to_device))


async def take_in(state: list[Any], timeline: list[Any], to_device: list[Any]) -> None:
    """Have a new client read a sync."""
    body = {
        "next_batch": "s1",
        "rooms": {
            "join": {
                "!join": {"state": {"events": state}, "timeline": {"events": timeline, "limited": False, "prev_batch": "x"}}
            },
            "invite": {"!invite": {"invite_state": {"events": state}}},
            "leave": {"!leave": {"timeline": {"events": timeline}}},
        },
        "to_device": {"events": to_device},
    }
    with closing(KeyStore.open("sqlite://")) as keys:
        keys.keep(LOGIN)
        response = SyncResponse.from_dict(tame(body))
        assert isinstance(response, SyncResponse)
        await open_client(LOGIN, keys).receive_response(response)
