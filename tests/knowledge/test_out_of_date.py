"""What happens when the year turns: values past their dates, topics past their review day."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from bot.core.effects import Say
from bot.core.texts import Answer
from bot.knowledge.check import check_files
from bot.knowledge.load import load, out_of_date
from bot.knowledge.read import read
from bot.render.markup import to_text
from bot.render.speak import speak
from tests.knowledge.copies import add, change
from tests.worlds import catalogs

OLD_YEAR: Final = datetime(2026, 12, 31, 21, 59, tzinfo=UTC)
NEW_YEAR: Final = datetime(2026, 12, 31, 22, 0, tzinfo=UTC)
"""Midnight in Tallinn."""


def turning(folder: Path) -> Path:
    """Give the topic a fee for this year only and a review day at its end."""
    lines = "kind: money\n  value: 10.50\n  source: https://a.ee/old\n  as_of: 2026-01-01"
    add(folder / "values.yaml", f"fee:\n  {lines}\n  valid_until: 2026-12-31\n  see: https://a.ee/fees")
    change(folder / "topics/school.yaml", "review_by:", "review_by: 2026-12-31")
    add(folder / "en/school.md", "It costs {{ fee }}.")
    return folder


def said(folder: Path, now: datetime) -> str:
    """Say the answer at a moment."""
    say = Say(lang="en", marks=(Answer("school", None),))
    (message,) = speak([say], load(folder), catalogs(), now)
    return "\n".join(to_text(part.markdown) for part in message.parts)


def test_the_turn_of_the_year(folder: Path) -> None:
    """At midnight in Tallinn the amount gives way to a link, and the answer says that it is due for review."""
    turning(folder)
    old, new = said(folder, OLD_YEAR), said(folder, NEW_YEAR)
    due = catalogs().text("en", "due_for_review")
    assert "It costs €10.50." in old
    assert due not in old
    assert "10.50" not in new
    assert "https://a.ee/fees" in new
    assert due in new


def test_editors_are_told(folder: Path) -> None:
    """The check warns, and a running bot has a line for each thing, from the first day that it concerns."""
    world = load(turning(folder))
    told = ("value fee: valid until 2026-12-31", "topic school: due for review on 2026-12-31")
    assert set(told) & set(out_of_date(world, date(2026, 12, 31))) == set()
    assert set(told) <= set(out_of_date(world, date(2027, 1, 1)))
    texts = {problem.text for problem in check_files(read(folder), date(2027, 1, 1)) if not problem.error}
    assert {"fee was valid until 2026-12-31; residents see a link instead", "was due for review on 2026-12-31"} <= texts


def test_a_value_that_is_not_valid_yet(folder: Path) -> None:
    """Next year's amount waits for its day."""
    turning(folder)
    change(folder / "values.yaml", "  valid_until: 2026-12-31", "  valid_from: 2027-01-01")
    assert "10.50" not in said(folder, OLD_YEAR)
    assert "€10.50" in said(folder, NEW_YEAR)
