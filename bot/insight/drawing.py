"""Drawing an interview: which question follows which answer, and which target groups it ends with. `teejuht draw groups`.

As people see it who know every answer; who does not is asked what else decides. Mermaid is written as text; for SVG the boxes are
laid out by igraph, which editors install for this (`make install-forms`).
"""

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from textwrap import wrap
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from babel.dates import format_timedelta

from bot.core.world import PARTING, Inquiry
from bot.errors import WrongUse
from bot.groups.dates import Interval
from bot.groups.facts import Answer
from bot.groups.interview import Interview
from bot.groups.rules import comparisons
from bot.groups.status import Status, statuses

WIDE, LINE, APART = 26, 15, 28
"""Letters in a line of a box, and pixels: of a line, and between boxes."""
LETTER = 7.2
MONTH = 30.44
"""Days."""
NOBODY = "–"
YES_NO = {True: "✓", False: "✗"}
STYLE = """rect { fill: #fff; stroke: #345 } .answer rect { stroke: none; fill: #eef2f6 } .end rect { fill: #dff0e0 }
path { fill: none; stroke: #789 }"""


class Box(NamedTuple):
    """A question, the words of one or more answers, or an end with the groups a person belongs to."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Flow:
    """Boxes, and which leads to which: from a question by way of answers to a question or an end."""

    boxes: Sequence[Box]
    arrows: Sequence[tuple[int, int]]


def draw(inquiry: Inquiry, programme: str, lang: str, day: date) -> Flow:
    """Follow every answer to every question of a programme; ways that go on alike are one way."""
    interview, words = inquiry.interview((programme,), day), inquiry.words[lang]
    names = {f"{programme}{PARTING}{id}": said.name for id, said in inquiry.programmes[programme].words[lang].items()}
    boxes: list[Box] = []
    arrows: list[tuple[int, int]] = []
    known: dict[object, int] = {}

    def add(key: object, box: Box, answers: Iterable[tuple[int, str]] = ()) -> int:
        if key not in known:
            place = known[key] = len(boxes)
            boxes.append(box)
            for end, text in answers:
                arrows.extend(((place, len(boxes)), (len(boxes), end)))
                boxes.append(Box("answer", text))
        return known[key]

    def follow(answers: Mapping[str, Answer], unknown: frozenset[str]) -> int:
        fact = interview.next_fact(answers, unknown)
        if fact is None:
            mine = [id for id, now in statuses(interview.groups, answers, day).items() if now is Status.MATCH]
            return add(("end", *mine), Box("end", "\n".join(names[id] for id in mine) or NOBODY))
        ends: dict[int, list[str]] = {}
        for value in interview.values(fact):
            if isinstance(value, Interval):
                if value.first <= day:
                    ends.setdefault(follow({**answers, fact: value}, unknown), []).append(_span(interview, fact, value, lang))
            else:
                said = YES_NO[value] if isinstance(value, bool) else words[fact].options[value]
                ends.setdefault(follow({**answers, fact: value}, unknown), []).append(said)
        for other, value in inquiry.facts[fact].instead:
            ends.setdefault(follow({**answers, other: value}, unknown | {fact}), []).append(words[fact].instead)
        said_of = tuple((end, " / ".join(said)) for end, said in ends.items())
        return add((fact, said_of), Box("question", words[fact].question), said_of)

    first = follow({}, frozenset())
    order = [first, *(place for place in range(len(boxes)) if place != first)]
    places = {old: new for new, old in enumerate(order)}
    return Flow([boxes[old] for old in order], [(places[start], places[end]) for start, end in arrows])


def mermaid(flow: Flow) -> str:
    """Write it as a Mermaid flowchart."""
    shapes = {"question": '["{}"]', "end": '(["{}"])'}
    lines = [f"  n{n}{shapes[box.kind].format(_quoted(box.text))}" for n, box in enumerate(flow.boxes) if box.kind != "answer"]
    target = dict(flow.arrows)
    lines += [
        f'  n{start} -- "{_quoted(flow.boxes[end].text)}" --> n{target[end]}'
        for start, end in flow.arrows
        if flow.boxes[end].kind == "answer"
    ]
    return "flowchart TD\n" + "\n".join(lines) + "\n"


def svg(flow: Flow, title: str) -> str:
    """Write it as a picture. Errors: WrongUse if igraph is not installed."""
    spots = _lay_out(flow)
    width = max(x + _size(box)[0] for (x, _), box in zip(spots, flow.boxes, strict=True)) + APART
    height = max(y + _size(box)[1] for (_, y), box in zip(spots, flow.boxes, strict=True)) + APART
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"',
        'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>",
        f'<rect width="{width:.0f}" height="{height:.0f}" style="stroke:none"/>',
    ]
    for start, end in flow.arrows:
        (wide, high), (across, _) = _size(flow.boxes[start]), _size(flow.boxes[end])
        x, y, to, down = spots[start][0] + wide / 2, spots[start][1] + high, spots[end][0] + across / 2, spots[end][1]
        middle = (y + down) / 2
        drawn.append(f'<path d="M{x:.0f} {y:.0f}C{x:.0f} {middle:.0f} {to:.0f} {middle:.0f} {to:.0f} {down:.0f}"/>')
    for (x, y), box in zip(spots, flow.boxes, strict=True):
        wide, high = _size(box)
        lines = "".join(
            f'<tspan x="{x + wide / 2:.0f}" y="{y + LINE * (number + 1.2):.0f}">{escape(line)}</tspan>'
            for number, line in enumerate(_lines(box.text))
        )
        rounded = f' rx="{LINE}"' if box.kind == "end" else ""
        frame = f'<rect x="{x:.0f}" y="{y:.0f}" width="{wide:.0f}" height="{high:.0f}"{rounded}/>'
        drawn.append(f'<g class="{box.kind}">{frame}<text text-anchor="middle">{lines}</text></g>')
    return "\n".join((*drawn, "</svg>\n"))


def _span(interview: Interview, fact: str, value: Interval, lang: str) -> str:
    """Say how long before the day asked about a date lies: "< 8 months", "8 months – 5 years", "> 5 years"."""
    months = {part.months for group in interview.groups for part in comparisons(group.when) if part.fact == fact}
    turns = sorted(number for number in months if number)
    days = [day for day in interview.values(fact) if isinstance(day, Interval) and day.first <= interview.today]
    later = len(days) - 1 - days.index(value)
    if not turns:
        return f"< {interview.today.isoformat()}"
    if later == 0:
        return f"< {_period(turns[0], lang)}"
    return (
        f"> {_period(turns[-1], lang)}"
        if later == len(turns)
        else " – ".join(_period(t, lang) for t in turns[later - 1 : later + 1])
    )


def _period(months: int, lang: str) -> str:
    length = timedelta(days=round(months * MONTH))
    return format_timedelta(length, granularity="month" if months % 12 else "year", threshold=12, locale=lang)


def _lay_out(flow: Flow) -> list[tuple[float, float]]:
    """Give the upper left corner of each box: in layers, with few crossings, and none over another."""
    try:
        graphs: Any = importlib.import_module("igraph")
    except ImportError as error:
        raise WrongUse(f"what draws is not installed ({error.name}): run `make install-forms`") from error
    found = graphs.Graph(n=len(flow.boxes), edges=list(flow.arrows), directed=True).layout_sugiyama()
    layers: dict[float, list[int]] = {}
    for number, box in enumerate(found.coords[: len(flow.boxes)]):
        layers.setdefault(box[1], []).append(number)
    spots = [(0.0, 0.0)] * len(flow.boxes)
    widest = max(sum(_size(flow.boxes[n])[0] + APART for n in row) for row in layers.values())
    down = float(APART)
    for _, row in sorted(layers.items()):
        row.sort(key=lambda number: found.coords[number][0])
        across = (widest - sum(_size(flow.boxes[n])[0] + APART for n in row)) / 2 + APART
        for number in row:
            spots[number] = (across, down)
            across += _size(flow.boxes[number])[0] + APART
        down += max(_size(flow.boxes[n])[1] for n in row) + 2 * APART
    return spots


def _size(box: Box) -> tuple[float, float]:
    lines = _lines(box.text)
    return max(map(len, lines)) * LETTER + LINE, LINE * (len(lines) + 0.8)


def _lines(text: str) -> list[str]:
    return [line for piece in text.split("\n") for line in wrap(piece, WIDE, break_on_hyphens=False)] or [""]


def _quoted(text: str) -> str:
    return text.replace('"', "#quot;").replace("\n", "<br/>")
