"""Events as values and as the inbox keeps them."""

import json
from collections.abc import Mapping
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.events import (
    KINDS,
    STAFF,
    Chose,
    Event,
    Left,
    NotDelivered,
    Opened,
    Rang,
    Reacted,
    Reported,
    Said,
    SentFile,
    StaffChose,
    StaffEvent,
    StaffSaid,
    StaffSentFile,
    StaffWithdrew,
    Tried,
    Unreadable,
    Withdrew,
    from_json,
    to_json,
)
from tests.core.small import NOW

ANY_EVENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(Opened, at=st.just(NOW), payload=st.text(), hint=st.text(), thread=st.text()),
    st.builds(Said, at=st.just(NOW), text=st.text(), hint=st.text(), edited=st.booleans(), thread=st.text()),
    st.builds(Chose, at=st.just(NOW), option=st.text(), thread=st.text()),
    st.builds(Reacted, at=st.just(NOW), emoji=st.text(), message=st.text(), thread=st.text(), public=st.booleans()),
    st.builds(SentFile, at=st.just(NOW), kind=st.text(), thread=st.text(), size=st.integers(), ref=st.text()),
    st.builds(Unreadable, at=st.just(NOW), hint=st.text(), message=st.text(), thread=st.text(), public=st.booleans()),
    st.builds(Withdrew, at=st.just(NOW), message=st.text()),
    st.just(Left(at=NOW)),
    st.builds(StaffSaid, at=st.just(NOW), text=st.text(), desk=st.text(), edited=st.booleans(), quoted=st.text()),
    st.builds(StaffChose, at=st.just(NOW), option=st.text(), desk=st.text(), staff=st.text(), name=st.text()),
    st.builds(StaffSentFile, at=st.just(NOW), kind=st.text(), desk=st.text(), file_name=st.text(), size=st.integers()),
    st.builds(StaffWithdrew, at=st.just(NOW), desk=st.text(), message=st.text(), staff=st.text()),
    st.builds(Rang, at=st.just(NOW), clock=st.integers()),
    st.builds(NotDelivered, at=st.just(NOW), desk=st.text(), why=st.text()),
    st.builds(Tried, at=st.just(NOW), town=st.text()),
    st.builds(Reported, at=st.just(NOW), to=st.text(), what=st.text(), detail=st.text()),
)


@settings(derandomize=True, deadline=None)
@given(ANY_EVENT)
def test_an_event_comes_back_from_the_inbox_as_it_was(event: Event) -> None:
    """Written as JSON and read back with its row's time, every event is the same."""
    assert from_json(json.loads(json.dumps(to_json(event))), NOW) == event


def test_every_kind_of_event_has_a_name() -> None:
    """The inbox can keep every kind of event there is."""
    assert set(KINDS.values()) == set(get_args(Event))


def test_what_staff_do_is_known_by_its_name() -> None:
    """The names of staff's events, and of no others, begin in their own way."""
    assert {kind for name, kind in KINDS.items() if name.startswith(STAFF)} == set(get_args(StaffEvent))


def test_the_time_stands_in_the_row_only() -> None:
    """An event's JSON names its kind and its own fields, not its time."""
    expected = {"event": "said", "text": "tere", "hint": "et", "edited": False, "message": "", "thread": ""}
    expected |= {"public": False, "quoted": ""}
    assert to_json(Said(at=NOW, text="tere", hint="et")) == expected


def test_a_row_of_an_older_version_is_read() -> None:
    """What an event did not have when its row was written is as if nothing had been said of it."""
    assert from_json({"event": "said", "text": "tere"}, NOW) == Said(at=NOW, text="tere")
    assert from_json({"event": "reacted", "emoji": "1"}, NOW) == Reacted(at=NOW, emoji="1")
    assert from_json({"event": "withdrew"}, NOW) == Withdrew(at=NOW)


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
