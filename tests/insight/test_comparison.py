"""What a change of the knowledge does to questions: which answers change, for better or worse, and how it is shown."""

from dataclasses import replace
from typing import Final

import pytest
from rich.console import Console

from bot.core.world import World
from bot.insight.comparison import Change, compare
from bot.insight.evaluation import Question, hear
from bot.insight.report import changes_line, changes_table
from bot.search.confidence import Decision
from bot.search.patterns import Patterns
from tests.core.small import banded, small_world

ANSWER: Final = banded(Decision.ANSWER)
CLARIFY: Final = banded(Decision.CLARIFY)
ABSTAIN: Final = banded(Decision.ABSTAIN)
CLARIFIED: Final = "clarify " + ", ".join(candidate.topic for candidate in CLARIFY.finder.find("school").shown)


def question(text: str = "school", *topics: str) -> Question:
    """Make a question; without topics nothing should be answered."""
    return Question(text=text, topics=topics, lang="en", kind="short")


@pytest.mark.parametrize(
    ("topics", "old", "new", "before", "after", "better"),
    [
        (("school",), ABSTAIN, ANSWER, "abstain", "answer school", True),
        (("school",), CLARIFY, ANSWER, CLARIFIED, "answer school", True),
        (("school",), ANSWER, ABSTAIN, "answer school", "abstain", False),
        (("school",), ANSWER, CLARIFY, "answer school", CLARIFIED, False),
        (("library", "school"), ABSTAIN, ANSWER, "abstain", "answer school", True),
        # not right before, nor now
        (("school",), ABSTAIN, CLARIFY, "abstain", CLARIFIED, None),
        (("library",), ABSTAIN, ANSWER, "abstain", "answer school", None),
        (("no-such-topic",), ANSWER, ABSTAIN, "answer school", "abstain", None),
        # nothing should be answered: to offer topics is not to answer
        ((), ABSTAIN, ANSWER, "abstain", "answer school", False),
        ((), ANSWER, CLARIFY, "answer school", CLARIFIED, True),
        ((), ABSTAIN, CLARIFY, "abstain", CLARIFIED, None),
    ],
)
def test_each_change_is_judged(
    topics: tuple[str, ...], old: World, new: World, before: str, after: str, better: bool | None
) -> None:
    """Better if it is right only now, worse if it was right only before, and neither if that stayed the same."""
    asked = question("school", *topics)
    assert list(compare([asked], old, new)) == [Change(question=asked, before=before, after=after, better=better)]


def test_only_what_changes_is_given_and_all_is_told() -> None:
    """Questions keep their order; those with the same answer are left out, though they are counted."""
    asked = [question(text, "school") for text in ("school", "xyzzy", "hello", "library", "kill myself")]
    told: list[None] = []
    changes = list(compare(asked, ABSTAIN, CLARIFY, tell=lambda: told.append(None)))
    assert [(change.question.text, change.before, change.after[:15]) for change in changes] == [
        ("school", "abstain", "clarify school,"),
        ("library", "abstain", "clarify library"),
    ]
    assert len(told) == len(asked)


def test_the_same_knowledge_changes_nothing() -> None:
    """A World compared with itself gives nothing."""
    assert list(compare([question("school"), question("xyzzy")], small_world(), small_world())) == []


def test_a_card_that_is_gone_is_a_change() -> None:
    """A crisis card stands before an answer: without it people read another answer, though the topic is the same."""
    world = small_world()
    without = replace(world, dangers=Patterns(world.dangers.lexicon, []))
    asked = question("worry kill myself", "mental-health")
    heard = [hear(asked.text, each) for each in (world, without)]
    assert [(each.decision, each.topics[0][0], each.danger) for each in heard] == [
        ("answer", "mental-health", "suicide"),
        ("answer", "mental-health", None),
    ]
    assert [change.question for change in compare([asked], world, without)] == [asked]


# --- shown


def changes() -> list[Change]:
    """Make one change of each kind twice, better ones first."""
    return [
        Change(question=question(f"{better} {n}"), before="abstain", after="answer school", better=better)
        for n in (1, 2)
        for better in (True, None, False)
    ]


def shown(given: list[Change]) -> list[list[str]]:
    """Print the table and give the rows as they stand there."""
    console = Console(width=200)
    with console.capture() as captured:
        console.print(changes_table(given))
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in captured.get().splitlines() if line[0] == "│"]


def test_the_worse_come_first() -> None:
    """Worse, better, neither; among equals the order of the questions."""
    same = ["en", "short", "abstain", "answer school"]
    assert shown(changes()) == [
        ["False 1", *same, "worse"],
        ["False 2", *same, "worse"],
        ["True 1", *same, "better"],
        ["True 2", *same, "better"],
        ["None 1", *same, ""],
        ["None 2", *same, ""],
    ]


@pytest.mark.parametrize("text", ["where is [bold]school", "what does [/] mean"])
def test_a_question_is_shown_as_it_is_written(text: str) -> None:
    """Brackets in a question are no marks of ours."""
    change = Change(question=question(text), before="abstain", after="answer school", better=None)
    assert [row[0] for row in shown([change])] == [text]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ([], "0 questions get another answer: 0 better, 0 worse"),
        (changes(), "6 questions get another answer: 2 better, 2 worse"),
        (changes()[:1], "1 questions get another answer: 1 better, 0 worse"),
    ],
)
def test_changes_are_counted(given: list[Change], line: str) -> None:
    """Neither better nor worse counts among the changes only."""
    assert changes_line(given) == line
