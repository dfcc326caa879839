"""Reading YAML and Markdown files an editor may have broken: every fault becomes a Problem with its line.

Knows formats and limits, not what the content means.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, ScalarEvent
from ruamel.yaml.reader import ReaderError

from bot.errors import Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
_UNUSUAL = re.compile(r"(?m)\t|^ {41}|(?:[-?] ){21}|(?:^|[\s\[{,:-])[&*!][^\s*&!]")
"""Tabs, anchors, aliases, tags, and whatever may be nested deeply: read with care."""
_BRACKET = re.compile(r"[\[\]{}]")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file's text came to when it was read last, with the problems found in it; `digest` tells whether it is the same."""

    digest: bytes
    value: object
    problems: Sequence[Problem]


ADVICE = {
    "extra_forbidden": "this key is not known here; look for a slip of the pen or remove it",
    "missing": "this key is missing; add it",
    "string_pattern_mismatch": "this is not written in the expected form",
    "list_type": "write a list here: lines that begin with `- `",
    "model_type": "write `key: value` pairs here",
    "dict_type": "write `key: value` pairs here",
    "too_short": "there are too few here; {msg}",
    "string_too_long": "this is too long; {msg}",
    "string_type": "write a text here; put it in quotes if it looks like a number",
    "date_from_datetime_parsing": "write a date as 2026-03-05",
    "date_parsing": "write a date as 2026-03-05, or `unknown` where that is allowed",
}


@dataclass(slots=True)
class Reader:
    """Reads files below one folder and gathers every problem on the way.

    `kept` may be shared by readers that follow each other: a file whose text is the same is not parsed again.
    """

    root: Path
    problems: list[Problem] = field(default_factory=list)
    kept: dict[Path, Kept] = field(default_factory=dict)

    def report(self, path: Path, line: int, text: str, *, error: bool = True) -> None:
        """Add a problem at a line (1-based) of a file."""
        self.problems.append(Problem(self.name(path), line, text, error))

    def problem(self, path: Path, needle: str, text: str, *, error: bool = True) -> Problem:
        """Make a problem at the first line of a file that has `needle`."""
        return Problem(self.name(path), self.line_of(path, needle), text, error)

    def report_at(self, path: Path, needle: str, text: str, *, error: bool = True) -> None:
        """Add a problem at the first line of a file that has `needle`."""
        self.report(path, self.line_of(path, needle), text, error=error)

    def line_of(self, path: Path, needle: str) -> int:
        """Give the first line of a file that has `needle`, or 1."""
        try:
            lines = path.read_text("utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError):
            return 1
        wanted = needle.strip()
        whole = re.compile(rf"(?<![\w/-]){re.escape(wanted)}(?![\w/?&=#-])")
        found = [number for number, line in enumerate(lines, 1) if wanted in line]
        return next((number for number in found if whole.search(lines[number - 1])), found[0] if found else 1)

    def name(self, path: Path) -> str:
        """Name a file as an editor knows it: knowledge/et/school.md."""
        return str(Path(self.root.name) / path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)

    def text(self, path: Path) -> str | None:
        """Read a file as UTF-8, or report why not."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            self.report(path, 1, "this file is missing; add it (a missing translation is a missing file)")
            return None
        except OSError as error:
            self.report(path, 1, f"this file cannot be read ({error.strerror})")
            return None
        if len(data) > MAX_BYTES:
            self.report(path, 1, f"this file has {len(data):,} bytes; at most {MAX_BYTES:,} are allowed")
            return None
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            self.report(path, line, "this is not UTF-8 text; save the file with the encoding UTF-8")
            return None

    def once(self, path: Path, text: str, read: Callable[[str], T]) -> T:
        """Read a file's text, or give what the same text came to before; a path is always read in the same way."""
        same = digest(text)
        if (kept := self.kept.get(path)) and kept.digest == same:
            self.problems += kept.problems
            return cast(T, kept.value)
        before = len(self.problems)
        value = read(text)
        self.kept[path] = Kept(same, value, tuple(self.problems[before:]))
        return value

    def yaml(self, path: Path, model: type[T] | TypeAdapter[T]) -> T | None:
        """Read a YAML file into a model, or report every fault."""
        text = self.text(path)
        return None if text is None else self.once(path, text, lambda text: self.parse(path, text, model))

    def markdown(self, path: Path, model: type[T]) -> tuple[T, str] | None:
        """Read front matter and body of a Markdown file, or report every fault."""
        text = self.text(path)
        return None if text is None else self.once(path, text, lambda text: self._head_and_body(path, text, model))

    def _head_and_body(self, path: Path, text: str, model: type[T]) -> tuple[T, str] | None:
        lines = text.split("\n")
        if lines[0].rstrip() != "---" or "---" not in (line.rstrip() for line in lines[1:]):
            self.report(path, 1, "the file must begin with a head between two lines `---`")
            return None
        end = next(i for i, line in enumerate(lines[1:], 1) if line.rstrip() == "---")
        head = self.parse(path, "\n".join(lines[1:end]), model, offset=1)
        return None if head is None else (head, "\n".join(lines[end + 1 :]).strip())

    def parse(self, path: Path, text: str, model: type[T] | TypeAdapter[T], *, offset: int = 0) -> T | None:
        """Read YAML text into a model, or report every fault at its line."""
        try:
            data = _load(text)
        except MarkedYAMLError as error:
            unclosed = "end of stream" in str(error.problem)
            mark = (error.context_mark if unclosed else None) or error.problem_mark or error.context_mark
            hint = "use spaces, not tabs, to indent" if "\\t" in str(error.problem) else error.problem
            self.report(path, (mark.line if mark else 0) + 1 + offset, f"this is not valid YAML here: {hint}")
            return None
        except ReaderError as error:
            line = text[: error.position].count("\n") + 1 + offset
            self.report(path, line, "this is not valid YAML here: there is a character that cannot be seen; write the line anew")
            return None
        except (YAMLError, ValueError) as error:
            self.report(path, 1 + offset, f"this is not valid YAML: {str(error).splitlines()[0]}")
            return None
        adapter = model if isinstance(model, TypeAdapter) else TypeAdapter(model)
        try:
            return adapter.validate_python(data)
        except ValidationError as error:
            self._report_faults(path, text, error, offset)
            return None

    def _report_faults(self, path: Path, text: str, error: ValidationError, offset: int) -> None:
        tree = YAML(typ="rt").load(text)
        for fault in error.errors(include_url=False):
            where = [step for step in fault["loc"] if not (isinstance(step, str) and "[" in step)]
            shown = ".".join(map(str, where)) or "the file"
            said = fault["msg"].removeprefix("Value error, ")
            advice = ADVICE.get(fault["type"], said).replace("{msg}", said[:1].lower() + said[1:])
            self.report(path, _line(tree, where) + offset, f"{shown}: {advice}")


def digest(text: str) -> bytes:
    """Give what tells a text from every other."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class _Plain(Composer):
    """Refuses what nobody needs and what can blow a small file up (aliases, depth), and days that no calendar has."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 - as the library has it
        event = self.parser.peek_event()
        if isinstance(event, AliasEvent):
            raise MarkedYAMLError(problem="aliases (*name) are not allowed", problem_mark=event.start_mark)
        if self._depth == MAX_DEPTH:
            raise MarkedYAMLError(problem="this is nested too deeply", problem_mark=event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        if isinstance(event, ScalarEvent) and event.implicit[0] and _DATE.fullmatch(event.value):
            try:
                date(*map(int, event.value.split("-")))
            except ValueError:
                raise MarkedYAMLError(problem="there is no such day", problem_mark=event.start_mark) from None
        return node


def _load(text: str) -> Any:  # noqa: ANN401 - YAML may hold anything
    """Parse YAML 1.2 into plain values: usual text by libyaml, six times as fast; the rest, and every fault, with its place."""
    if not _UNUSUAL.search(text) and _brackets(text) <= MAX_DEPTH:
        with suppress(Exception):  # whatever it is, the careful reading below tells where
            return YAML(typ="safe", pure=False).load(text)
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _Plain
    return yaml.load(text)


def _brackets(text: str) -> int:
    """Tell how deep brackets stand in each other; those of a text in quotes count too."""
    steps = (1 if sign in "[{" else -1 for sign in _BRACKET.findall(text))
    return max(accumulate(steps), default=0)


def _line(tree: Any, where: Sequence[int | str]) -> int:  # noqa: ANN401 - a parsed YAML tree has no narrower type
    """Give the line (1-based) of a place in a parsed tree, or of the nearest part that exists."""
    line = 1
    for step in where:
        marks = getattr(tree, "lc", None)
        if marks is None:
            break
        try:
            position = marks.data[step] if marks.data and step in marks.data else None
            line = (position[0] if position else marks.line) + 1
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            break
    return line
