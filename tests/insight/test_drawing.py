"""Drawing the questions that lead to target groups: every way is there, and nothing lies over anything else."""

import re
import sys
from collections.abc import Mapping, Sequence
from itertools import combinations
from xml.etree import ElementTree

import pytest

from bot.errors import WrongUse
from bot.groups.dates import Interval
from bot.groups.facts import Answer
from bot.groups.status import Status, statuses
from bot.insight.drawing import Flow, draw, mermaid, svg
from tests.groups.people import INQUIRY, TODAY

SVG = "{http://www.w3.org/2000/svg}"
PROGRAMMES = ("support-2025", "infodays-2021")


def flow(programme: str = "support-2025", lang: str = "en") -> Flow:
    """Draw a real programme."""
    return draw(INQUIRY, programme, lang, TODAY)


@pytest.mark.parametrize("programme", PROGRAMMES)
@pytest.mark.parametrize("lang", ["et", "ru", "en"])
def test_every_way_leads_from_the_first_question_to_an_end(programme: str, lang: str) -> None:
    """Questions have answers, each answer leads to one question or end, and every box is reached."""
    drawn = flow(programme, lang)
    after: dict[int, list[int]] = {}
    for start, end in drawn.arrows:
        after.setdefault(start, []).append(end)
    reached, todo = {0}, [0]
    while todo:
        here = todo.pop()
        kind, text = drawn.boxes[here]
        nexts = after.get(here, [])
        assert text
        assert "duration" not in text
        assert {"question": len(nexts) > 1, "answer": len(nexts) == 1, "end": not nexts}[kind]
        assert all((drawn.boxes[one].kind == "answer") == (kind == "question") for one in nexts)
        todo += [one for one in nexts if one not in reached]
        reached.update(nexts)
    assert reached == set(range(len(drawn.boxes)))


def test_the_ends_are_all_that_people_can_be() -> None:
    """The drawing ends with the groups that somebody with full answers may belong to together, and with none."""
    interview = INQUIRY.interview(("support-2025",), TODAY)
    words = INQUIRY.programmes["support-2025"].words["en"]
    found = set[str]()
    todo: list[tuple[Mapping[str, Answer], frozenset[str]]] = [({}, frozenset())]
    while todo:
        answers, unknown = todo.pop()
        fact = interview.next_fact(answers, unknown)
        if fact is None:
            now = statuses(interview.groups, answers, TODAY)
            mine = [id.partition("/")[2] for id, one in now.items() if one is Status.MATCH]
            found.add("\n".join(words[id].name for id in mine) or "–")
            continue
        said = [value for value in interview.values(fact) if not isinstance(value, Interval) or value.first <= TODAY]
        todo += [({**answers, fact: value}, unknown) for value in said]
        todo += [({**answers, other: value}, unknown | {fact}) for other, value in INQUIRY.facts[fact].instead]
    assert {box.text for box in flow().boxes if box.kind == "end"} == found


def test_what_answers_say() -> None:
    """Options in their words, dates by how long ago, yes and no as signs; answers that lead on alike stand together."""
    texts = {box.text for box in flow().boxes if box.kind == "answer"}
    assert {"Estonia", "✓", "✗", "< 8 months", "> 8 months / I have not lived abroad", "< 5 years", "> 5 years"} <= texts
    assert {"< 8 kuud", "> 5 aastat"} <= {box.text for box in flow(lang="et").boxes}
    assert f"< {TODAY.isoformat()}" in " / ".join(box.text for box in flow("infodays-2021").boxes)


def test_mermaid() -> None:
    """One line for each question, end and answer; quotation marks are written so that they do no harm."""
    drawn = flow()
    lines = mermaid(drawn).splitlines()
    assert lines[0] == "flowchart TD"
    assert lines[1].startswith('  n0["')
    assert len(lines) == 1 + len(drawn.boxes)
    assert all(re.fullmatch(r'  n\d+(\["[^"]+"\]|\(\["[^"]+"\]\)| -- "[^"]+" --> n\d+)', line) for line in lines[1:])
    quoted = Flow([drawn.boxes[0]._replace(text='say "no"')], [])
    assert mermaid(quoted).splitlines()[1] == '  n0["say #quot;no#quot;"]'


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_the_picture(programme: str) -> None:
    """Every box is in the picture with its whole text, inside the frame, and none lies over another."""
    drawn = flow(programme)
    root = ElementTree.fromstring(svg(drawn, "A <title>"))
    assert root.findtext(f"{SVG}title") == "A <title>"
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    groups = root.findall(f"{SVG}g")
    assert len(groups) == len(drawn.boxes)
    assert len(root.findall(f"{SVG}path")) == len(drawn.arrows)
    frames: list[Sequence[float]] = []
    for box, group in zip(drawn.boxes, groups, strict=True):
        assert " ".join("".join(part.itertext()) for part in group.iter(f"{SVG}tspan")).split() == box.text.split()
        frame = group.find(f"{SVG}rect")
        assert frame is not None
        x, y, wide, high = (float(frame.attrib[name]) for name in ("x", "y", "width", "height"))
        assert 0 <= x < x + wide <= width
        assert 0 <= y < y + high <= height
        frames.append((x, y, x + wide, y + high))
    for one, other in combinations(frames, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_without_what_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what to install."""
    monkeypatch.setitem(sys.modules, "igraph", None)
    with pytest.raises(WrongUse, match="make install-forms"):
        svg(flow(), "x")
