"""Events as values and as the inbox keeps them."""

import json
from collections.abc import Mapping
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.events import KINDS, Chose, Event, Left, Opened, Reacted, Said, SentFile, Withdrew, from_json, to_json
from tests.core.small import NOW

ANY_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(Opened, at=st.just(NOW), payload=st.text(), hint=st.text()),
    st.builds(Said, at=st.just(NOW), text=st.text(), hint=st.text(), edited=st.booleans()),
    st.builds(Chose, at=st.just(NOW), option=st.text()),
    st.builds(Reacted, at=st.just(NOW), emoji=st.text()),
    st.builds(SentFile, at=st.just(NOW), kind=st.text()),
    st.just(Withdrew(at=NOW)),
    st.just(Left(at=NOW)),
)


@settings(derandomize=True, deadline=None)
@given(ANY_EVENT)
def test_an_event_comes_back_from_the_inbox_as_it_was(event: Event) -> None:
    """Written as JSON and read back with its row's time, every event is the same."""
    assert from_json(json.loads(json.dumps(to_json(event))), NOW) == event


def test_every_kind_of_event_has_a_name() -> None:
    """The inbox can keep every kind of event there is."""
    assert set(KINDS.values()) == set(get_args(Event))


def test_the_time_stands_in_the_row_only() -> None:
    """An event's JSON names its kind and its own fields, not its time."""
    expected = {"event": "said", "text": "tere", "hint": "et", "edited": False}
    assert to_json(Said(at=NOW, text="tere", hint="et")) == expected


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"event": "danced"}, "unknown event 'danced'"),
        ({}, "unknown event None"),
        ({"event": ["said"]}, "unknown event"),
        ({"event": "said", "text": "a", "colour": "red"}, "colour"),
        ({"event": "said"}, "text"),
        ({"event": "left", "at": "2026-01-01"}, "at"),
    ],
)
def test_what_is_no_event_is_refused(row: Mapping[str, Any], complaint: str) -> None:
    """An unknown kind and a field too many or too few are a ValueError that names them."""
    with pytest.raises(ValueError, match=complaint):
        from_json(row, NOW)
