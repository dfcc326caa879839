"""The editors' guide is held to its word: its examples work, its error lines are real, its commands and limits exist.

How it names an example, so that this file can find it: "`path`:" before a fence is a whole file; "`path`, at the end:", "at the
end of the head:" and "below `line`:" say where the fence goes; "In `path`, change `old` to `new`" needs no fence.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
import structlog
from typer.main import get_command
from typer.testing import CliRunner

from bot import editing
from bot.__main__ import cli
from bot.console import show_problems
from bot.core.effects import Say
from bot.core.texts import Answer
from bot.core.world import World
from bot.errors import Problem
from bot.groups.rules import All, Is, Relation, Since
from bot.knowledge.bodies import MAX_ANSWER
from bot.knowledge.check import MIN_CHECKS, MIN_NONE, check_files
from bot.knowledge.load import load
from bot.knowledge.read import read
from bot.knowledge.schema import AdditionFile, FrontMatter, SafetyFile, TopicFile
from bot.knowledge.style import HARD, HARD_ELSEWHERE, TOO_ALIKE
from bot.knowledge.variants import MAX_VARIANT
from bot.render.markup import to_text
from bot.render.speak import speak
from bot.settings import Settings
from tests.knowledge.copies import add, change, copy_knowledge, write
from tests.knowledge.template import OWN_FILES, own_file
from tests.knowledge.test_out_of_date import NEW_YEAR, OLD_YEAR
from tests.worlds import KNOWLEDGE, catalogs

GUIDE: Final = (KNOWLEDGE / "README.md").read_text("utf-8")
DAY: Final = date(2026, 11, 22)
TOPIC: Final = "library-card"
HEAD: Final = "at the end of the head"
END: Final = "at the end"

FENCE: Final = re.compile(r"^(?P<caption>[^\n]*)\n```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
CAPTION: Final = re.compile(r"`(?P<path>[^` ]+\.(?:yaml|md))`(?:, (?P<place>at the end of the head|at the end|below `[^`]+`))?:$")
CHANGE: Final = re.compile(
    r"In `(?P<path>[^`]+)`,\s+change\s+(?P<pairs>`[^`]+`\s+to\s+`[^`]+`(?:\s+and\s+`[^`]+`\s+to\s+`[^`]+`)*)"
)
PAIR: Final = re.compile(r"`([^`]+)`\s+to\s+`([^`]+)`")
COMMAND: Final = re.compile(r"\bteejuht ([a-z]+)((?: --[a-z]+)*)")


def paths(folder: Path, path: str) -> Iterator[Path]:
    """Give the files that a path of the guide means: {et,ru,en} is one of each."""
    found = re.search(r"\{(.*)\}", path)
    for piece in found[1].split(",") if found else ("",):
        yield folder / (path.replace(found[0], piece) if found else path)


def follow(folder: Path) -> None:
    """Do what the guide says: whole files first, then what goes into them, then changes."""
    steps = [(CAPTION.search(fence["caption"]), fence["text"]) for fence in FENCE.finditer(GUIDE)]
    named = [(step, text) for step, text in steps if step]
    for step, text in sorted(named, key=lambda pair: pair[0]["place"] is not None):
        for path in paths(folder, step["path"]):
            _put(path, step["place"], text)
    for changed in CHANGE.finditer(GUIDE):
        for path in paths(folder, changed["path"]):
            text = path.read_text("utf-8")
            for old, new in PAIR.findall(changed["pairs"]):
                assert text.count(old) == 1, f"{path.name}: {old}"
                text = text.replace(old, new)
            write(path, text)


def _put(path: Path, place: str | None, text: str) -> None:
    if place is None:
        assert not path.exists()
        write(path, text)
    elif place == END:
        add(path, text.rstrip("\n"))
    elif place == HEAD:
        before, head, body = path.read_text("utf-8").split("---\n", 2)
        write(path, f"{before}---\n{head}{text}---\n{body}")
    else:
        (above,) = re.findall(r"`(.*)`", place)
        change(path, f"  - {above}", f"  - {above}\n{text.rstrip()}")


@pytest.fixture
def followed(tmp_path: Path) -> Path:
    """A small copy of the knowledge with every example of the guide in it."""
    folder = copy_knowledge(tmp_path / "knowledge")
    for lang in ("et", "ru", "en"):
        write(folder / f"checks/{lang}.yaml", "- {text: zzz, topics: [], kind: none}\n")
    follow(folder)
    return folder


# --- the examples -----------------------------------------------------------------------------------------------------


def test_every_block_is_an_example_a_command_or_output() -> None:
    """Each fence is tied to a file, or is something to type or to read; nothing else could go stale unseen."""
    loose = [f["caption"] for f in FENCE.finditer(GUIDE) if not CAPTION.search(f["caption"]) and f["kind"] not in ("sh", "text")]
    assert loose == []
    assert GUIDE.count("```") == 2 * len(FENCE.findall(GUIDE))
    assert len(re.findall(r"\bchange `", GUIDE)) == len(CHANGE.findall(GUIDE)) > 0


def test_the_examples_have_no_fault(followed: Path) -> None:
    """Done as it says, the check finds no error, and about the example itself only the check wordings left to the reader."""
    problems = check_files(read(followed, checks=True), DAY)
    assert [str(problem) for problem in problems if problem.error] == []
    own = [str(p) for p in problems if TOPIC in str(p) or "naidisvald" in str(p)]
    left = f"{TOPIC} has 0 check wordings; write at least {MIN_CHECKS}"
    assert own == [f"knowledge/checks/{lang}.yaml:1: {left}" for lang in ("et", "ru")]


def test_the_examples_are_easy_to_read(followed: Path) -> None:
    """The guide keeps the advice that it gives."""
    problems = editing.check(Settings(knowledge=followed))[1]
    advice = [str(p) for p in problems if TOPIC in p.path and "review" not in p.text]
    assert advice == []


def test_the_examples_reach_people(followed: Path) -> None:
    """The answer, its changed sentence and amount, the phrasing, the rule and the municipality's words are in the World."""
    world = load(followed)
    topic = world.topics[TOPIC]
    assert set(topic.texts) == {"et", "ru", "en"}
    assert "at once in any library" in topic.texts["en"].body
    fee = world.values["library-card-fee"]
    assert (fee.value, fee.as_of) == (Decimal("3.00"), date(2026, 9, 1))
    assert world.finder.find("my library card is gone, how do I get a new one").shown[0].topic == TOPIC
    (variant,) = topic.variants
    assert variant.when == All((Is("citizenship", ("eu", "other")), Since("resident_since", Relation.LESS_THAN, 12)))
    assert all(text.variants[variant.id].body for text in topic.texts.values())
    assert set(world.place("naidisvald").additions[TOPIC].texts) == {"et", "ru", "en"}
    assert world.places.find("näidise vald") == "naidisvald"


def test_the_answer_is_shown_as_the_guide_says(followed: Path) -> None:
    """Amount, the municipality's addition and the words for the desk stand in the answer."""
    said = _said(load(followed), "naidisvald")
    assert "€3" in said
    assert "The library bus gives cards too." in said
    assert "lugejakaart" in said


def test_outside_its_dates_an_amount_gives_way_to_its_page(followed: Path) -> None:
    """`valid_until` and `see` do what the guide says."""
    change(followed / "values.yaml", "  valid_until: 2027-08-31", "  valid_until: 2026-12-31")
    world = load(followed)
    assert "€3" in _said(world, None)
    late = _said(world, None, late=True)
    assert "€3" not in late
    assert "www.example.org/prices" in late


def _said(world: World, town: str | None, *, late: bool = False) -> str:
    say = Say(lang="en", marks=(Answer(TOPIC, town),))
    (message,) = speak([say], world, catalogs(), NEW_YEAR if late else OLD_YEAR)
    return "\n".join(to_text(part.markdown) for part in message.parts)


# --- what the check prints --------------------------------------------------------------------------------------------

EN: Final = f"en/{TOPIC}.md"
MISTAKES: Final[dict[str, Callable[[Path], object]]] = {
    "not valid YAML": lambda folder: change(folder / EN, "title:", "title: Library: the card"),
    "this key is not known": lambda folder: change(folder / f"topics/{TOPIC}.yaml", "owner:", "woner: editors"),
    "this file is missing": lambda folder: (folder / f"ru/{TOPIC}.md").unlink(),
    "there is no value": lambda folder: _swap(folder / EN, "{{ library-card-fee }}", "{{ library-fee }}"),
    "already a phrasing": lambda folder: change(folder / EN, "  - library card", "  - starting school"),
    "sections": lambda folder: change(folder / f"et/{TOPIC}.md", "## variant:", None),
}
"""How each line of the guide comes about, in the order of its list; the advice below it stands in the same order."""


def _swap(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    write(path, text.replace(old, new))


def quoted() -> list[str]:
    """Give the lines that the guide says the check prints."""
    (output,) = [fence["text"] for fence in FENCE.finditer(GUIDE) if fence["kind"] == "text"]
    return output.splitlines()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_quoted_line_is_printed(mistake: str, followed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The mistake that the guide tells of gives the very line that it quotes."""
    (line,) = [line for line in quoted() if mistake in line]
    MISTAKES[mistake](followed)
    problems: list[Problem] = check_files(read(followed), DAY)
    show_problems(problems, as_json=False)
    assert line in capsys.readouterr().out.splitlines()


def test_every_quoted_line_has_advice() -> None:
    """Below the lines there is one numbered piece of advice for each, in the same order."""
    assert [next(m for m in MISTAKES if m in line) for line in quoted()] == list(MISTAKES)
    _, _, below = GUIDE.partition(quoted()[-1])
    section, _, _ = below.partition("\n## ")
    assert re.findall(r"^(\d)\. ", section, re.MULTILINE) == [str(n) for n in range(1, len(MISTAKES) + 1)]


def test_the_warning_about_word_forms_is_quoted_rightly() -> None:
    """The words by which the guide tells that warning are those of the check."""
    source = (KNOWLEDGE.parent / "bot/knowledge/check.py").read_text("utf-8")
    assert "words have no generated forms" in source
    assert "words have no generated forms" in GUIDE


# --- commands, limits, files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "options"), sorted(set(COMMAND.findall(GUIDE))))
def test_a_command_exists(verb: str, options: str) -> None:
    """Every verb that the guide names explains itself, and has the options that it shows."""
    done = CliRunner().invoke(cli, [verb, "--help"])
    structlog.reset_defaults()  # the command set the logs up for its own standard error
    assert done.exit_code == 0, done.output
    known = {name for parameter in get_command(cli).commands[verb].params for name in parameter.opts}  # type: ignore[attr-defined]
    assert set(options.split()) <= known


def test_the_limits_are_those_of_the_check() -> None:
    """Each number of the guide is the one that the program uses."""
    plain = " ".join(GUIDE.split())

    def most(model: type[AdditionFile | SafetyFile | FrontMatter | TopicFile], name: str, key: str) -> int:
        found = re.findall(rf'"{key}": (\d+)', str(model.model_json_schema()["properties"][name]).replace("'", '"'))
        return int(found[0])

    assert f"at most {MAX_ANSWER} characters and a variant {MAX_VARIANT}" in plain
    assert f"the label of a variant {most(FrontMatter, 'variants', 'maxLength')}" in plain
    assert f"addition of a municipality {most(AdditionFile, 'text', 'maxLength')}" in plain
    assert f"an emergency card {most(SafetyFile, 'cards', 'maxLength')}" in plain
    assert f"at least {most(FrontMatter, 'questions', 'minItems')} phrasings" in plain
    assert f"at least {MIN_CHECKS} check wordings" in plain
    assert f"and {MIN_NONE} with `topics: []`" in plain
    assert f"from {TOO_ALIKE:g} of 100 (rapidfuzz `token_sort_ratio`" in plain
    lix = f"{HARD['et']:g} in Estonian, {HARD['ru']:g} in Russian, {HARD['en']:g} in English, {HARD_ELSEWHERE:g} elsewhere"
    assert lix in plain
    assert most(TopicFile, "variants", "maxItems") == 4
    assert "Up to four are possible" in plain


def test_the_steps_for_a_language_name_every_file() -> None:
    """What `template.py` makes for a language is what the guide says that one makes."""
    _, _, section = GUIDE.partition("Add a language\n")
    for file in OWN_FILES:
        assert f"`{own_file(Path(), file, 'fi')}`" in section
    for name in ("languages.yaml", "categories.yaml", "municipalities/", "locales/fi/LC_MESSAGES/teejuht.po"):
        assert f"`{name}`" in section
