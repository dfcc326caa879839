"""Cases of every kind that the type allows, for Hypothesis."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from bot.core.cases import Case, CaseStage, Clock, ClockName, Line, Who
from bot.core.events import File

MOMENTS = st.integers(0, 10**9).map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
NAMES = st.lists(st.text(max_size=9), max_size=3).map(tuple)
FILES = st.builds(File, name=st.text(), media_type=st.text(), size=st.integers(), ref=st.text(), channel=st.text())
LINES = st.builds(
    Line,
    n=st.integers(),
    at=MOMENTS,
    who=st.sampled_from(Who),
    text=st.text(),
    name=st.text(),
    message=st.text(),
    topic=st.text(),
    file=st.none() | FILES,
    withdrawn=st.booleans(),
)
CASES = st.builds(
    Case,
    stage=st.sampled_from(CaseStage),
    lang=st.text(),
    town=st.text(),
    desks=NAMES,
    number=st.integers(),
    opened=st.integers(),
    threads=NAMES,
    desk=st.text(),
    holder=st.text(),
    holder_name=st.text(),
    clock=st.none() | st.builds(Clock, st.integers(), st.sampled_from(ClockName), MOMENTS),
    question=st.text(),
    topic=st.text(),
    facts=NAMES,
    contact=st.text(),
    page=st.booleans(),
    agreed_at=st.none() | MOMENTS,
    closed_at=st.none() | MOMENTS,
    told_late=st.booleans(),
    rated=st.booleans(),
    lines=st.lists(LINES, max_size=3).map(tuple),
    written=st.integers(),
    is_test=st.booleans(),
)
