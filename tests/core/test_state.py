"""What is remembered of a conversation, and how it is kept."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.state import APART, Conversation, Stage, from_json, to_json
from tests.core.some_cases import CASES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
FIELDS = tuple(Conversation.__dataclass_fields__)
KEPT = tuple(name for name in FIELDS if name not in APART)


@settings(derandomize=True, deadline=None)
@given(st.builds(Conversation, case=st.none() | CASES, **dict.fromkeys(KEPT, ...)))
def test_a_conversation_comes_back_as_it_was(state: Conversation) -> None:
    """Written as JSON and read back, a conversation is the same."""
    assert from_json(json.loads(json.dumps(to_json(state)))) == state


def test_a_new_conversation_takes_no_room() -> None:
    """Only what differs from a new conversation is written."""
    assert to_json(Conversation()) == {}
    assert to_json(Conversation(stage=Stage.TOWN, options=("menu",))) == {"stage": "town", "options": ["menu"]}


def test_nothing_stored_is_a_new_conversation() -> None:
    """A conversation that was never stored begins anew."""
    assert from_json(None) == Conversation()


@pytest.mark.parametrize(
    "row",
    [
        {"stage": "dreaming"},
        {"stage": ["talk"]},
        {"stage": {"talk": 1}},
        {"stage": 1},
        {"lang": 5},
        {"lang": ["et"]},
        {"lang": None},
        {"lang_chosen": "yes"},
        {"lang_chosen": 1},
        {"turns": True},
        {"turns": 2.0},
        {"turns": "2"},
        {"options": "menu"},
        {"options": [1, None, ["menu"]]},
        {"others": {"school": 1}},
        {"question": "my secret"},
        {"asked_at": "2026-11-22T10:00:00+00:00"},
        {"number": 7},
        {"channel": "web"},
        {"page": True},
        {"earlier": []},
        {"case": "KJ-0042"},
        {"case": {}},
        {"case": {"stage": "lost", "lang": "et", "town": "narva", "desks": []}},
        {"case": {"stage": "open", "lang": "et", "town": "narva", "desks": "narva/telegram"}},
        {"case": {"stage": "open", "lang": 5, "town": "narva", "desks": []}},
        {"case": {"stage": "open", "lang": "et", "town": "narva", "desks": [], "lines": ["a"]}},
        {"case": {"stage": "open", "lang": "et", "town": "narva", "desks": [], "clock": "soon"}},
        {"case": {"stage": "open", "lang": "et", "town": "narva", "desks": [], "agreed_at": "2026-11-22T10:00:00"}},
    ],
    ids=str,
)
def test_wrong_and_unknown_values_are_left_out(row: Mapping[str, object]) -> None:
    """A value of the wrong kind, or one that another version wrote, is as if it had never been stored."""
    assert from_json({**row, "topic": "school"}) == Conversation(topic="school")


@settings(derandomize=True, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(), JSON))
def test_any_stored_row_can_be_read(row: dict[str, object]) -> None:
    """Whatever stands in the database, a conversation comes out that can be stored again."""
    state = from_json(row)
    assert from_json(json.loads(json.dumps(to_json(state)))) == state
