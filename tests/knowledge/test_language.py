"""A fourth language is added by adding files: Esperanto made from the English ones; whatever is left out is named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from bot import editing
from bot.core.texts import OFFER_LANGUAGE
from bot.errors import Problem
from bot.i18n import DOMAIN
from bot.knowledge.load import load
from bot.settings import Settings
from tests.cli.test_processes import run
from tests.engine.small import FIT
from tests.knowledge.copies import TOPICS, add, change, copy_knowledge, write
from tests.knowledge.template import add_language, edit, marked, write_catalog
from tests.knowledge.test_variants import with_variants
from tests.worlds import KNOWLEDGE, catalogs

pytestmark = pytest.mark.untraced

LANG: Final = "eo"
SPOKEN: Final = ("et", "ru", "en", LANG)
CATALOG: Final = f"{LANG}/LC_MESSAGES/{DOMAIN}.mo"
TOWN: Final = "municipalities/kohtla-jarve.yaml"
VARIANT: Final = "eu-citizen"
MISSING: Final = "this file is missing; add it (a missing translation is a missing file)"
LABELS: Final = "variants (labels in the head)"
SECTIONS: Final = "sections `## variant: ...`"

Take: TypeAlias = Callable[[Path], object]
"""Takes something away from the folder that holds `knowledge` and `locales`."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small knowledge and catalogs that speak four languages; not to be changed."""
    root = tmp_path_factory.mktemp("language")
    knowledge = copy_knowledge(root / "knowledge")
    with_variants(knowledge, (VARIANT, "{citizenship: [estonia, eu]}"), ("other-citizen", "{citizenship: other}"))
    for lang in ("et", "ru", "en"):
        rows = [f"- {{text: {topic} {word}, topics: [{topic}], kind: plain}}" for topic in TOPICS for word in "abcd"]
        write(knowledge / f"checks/{lang}.yaml", "\n".join(rows) + "\n")
    write(knowledge / ".index/fitted.json", json.dumps({"fit": FIT}))
    shutil.copyfile(KNOWLEDGE / ".index/language.json", knowledge / ".index/language.json")
    add_language(knowledge, root / "locales", LANG)
    return root


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    """The same to take something away from."""
    return shutil.copytree(whole, tmp_path / "root")


def settings(root: Path) -> Settings:
    """Point to the folders."""
    return Settings(knowledge=root / "knowledge", locales=root / "locales")


def problems(root: Path) -> list[Problem]:
    """Give what `teejuht check` finds."""
    return editing.check(settings(root))[1]


def chat(root: Path, *choices: str) -> list[dict[str, Any]]:
    """Hold a conversation by buttons and give what the bot says, the greeting first."""
    lines = "".join(json.dumps({"choice": choice}) + "\n" for choice in choices)
    done = run("chat", "--json", stdin=lines, knowledge=root / "knowledge", locales=root / "locales")
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- with everything in place -----------------------------------------------------------------------------------------


def test_the_check_finds_nothing_missing(whole: Path) -> None:
    """No error; of the new language it says only what a program makes, and how many check wordings are enough."""
    found = problems(whole)
    assert [str(problem) for problem in found if problem.error] == []
    own = [str(problem) for problem in found if LANG in problem.path]
    assert own == [
        f"knowledge/.index/forms-{LANG}.txt:1: this generated file is missing; run `teejuht forms`",
        f"knowledge/checks/{LANG}.yaml:1: there are 0 wordings for `none`; write at least 120",
    ]


def test_the_world_speaks_four_languages(whole: Path) -> None:
    """Every topic, variant, card, category and place has its words in the new language."""
    world = load(whole / "knowledge")
    assert world.languages == SPOKEN
    school = world.topics["school"].texts
    assert school[LANG].title == marked(school["en"].title, LANG)
    assert LANG in school[LANG].variants[VARIANT].body
    named = (*(c.names for c in world.categories), *(m.names for m in world.municipalities.values()), *world.cards.values())
    assert [names for names in named if LANG not in names[LANG]] == []


def test_a_question_is_answered_in_the_language(whole: Path) -> None:
    """`teejuht ask --lang eo` answers in Esperanto, headings and source too, and the other three are as before.

    The words are English, which the bot then offers: it has learnt to tell three languages from others, not four.
    """
    titles = {lang: text.title for lang, text in load(whole / "knowledge").topics["school"].texts.items()}
    said = {}
    for lang, title in titles.items():
        arguments = ("--json", "--lang", lang, "--municipality", "kohtla-jarve", title)
        done = run("ask", *arguments, knowledge=whole / "knowledge", locales=whole / "locales")
        assert (done.returncode, done.stderr) == (0, "")
        row = json.loads(done.stdout)
        assert (row["decision"], row["topics"][0]["id"]) == ("answer", "school")
        assert row["text"].startswith(f"{title}\n")
        said[lang] = row["text"]
    others = [paragraph for paragraph in said[LANG].split("\n\n") if marked("", LANG) not in paragraph]
    assert others == [catalogs().text("en", OFFER_LANGUAGE)]
    assert [lang for lang, text in said.items() if marked("", LANG) in text] == [LANG]


def test_a_question_in_a_language_that_the_model_has_never_seen(root: Path) -> None:
    """Words of the new language are no foreign ones: they are searched, and answered in the language that was chosen."""
    question = "kie estas lernejo por mia infano"
    change(root / f"knowledge/{LANG}/school.md", "questions:", f"questions:\n  - {question}")
    arguments = ("--json", "--lang", LANG, "--municipality", "kohtla-jarve", question)
    row = json.loads(run("ask", *arguments, knowledge=root / "knowledge", locales=root / "locales").stdout)
    assert (row["decision"], row["topics"][0]["id"]) == ("answer", "school")
    assert marked("", LANG) in row["text"]


def test_the_language_has_a_button(whole: Path) -> None:
    """The greeting offers it, and from then on everything is said in it: menu, answer, variant, person, municipality."""
    first, *rest = chat(whole, f"lang:{LANG}", "menu", "topic:school", f"topic:school:{VARIANT}", "person", "town")
    assert {option["id"] for option in first["options"]} >= {f"lang:{lang}" for lang in SPOKEN[1:]}
    assert [message["lang"] for message in rest] == [LANG] * len(rest)
    assert [message["text"] for message in rest if marked("", LANG) not in message["text"]] == []
    named = [option["label"] for message in rest for option in message["options"] if not option["id"].startswith("lang:")]
    assert [label for label in named if not label.endswith(marked("", LANG))] == []


def test_an_unknown_language_is_refused_by_name(whole: Path) -> None:
    """The command names the four."""
    done = run("ask", "--lang", "fi", "x", knowledge=whole / "knowledge", locales=whole / "locales")
    assert (done.returncode, done.stderr) == (2, f"teejuht: --lang must be one of {', '.join(SPOKEN)}\n")


# --- with one thing left out ------------------------------------------------------------------------------------------


def without_file(name: str) -> Take:
    """Leave a file out."""
    return lambda root: (root / name).unlink()


def without_line(name: str, needle: str) -> Take:
    """Leave a line out."""
    return lambda root: change(root / "knowledge" / name, needle, None)


def without_entry(name: str, *steps: str | int) -> Take:
    """Leave the language's entry out of a mapping in a shared file."""

    def take(root: Path) -> None:
        def remove(said: Any) -> None:  # noqa: ANN401 - YAML has no narrower type
            for step in steps:
                said = said[step]
            del said[LANG]

        edit(root / "knowledge" / name, remove)

    return take


def line(root: Path, name: str, needle: str) -> int:
    """Give the number of the first line that begins so, however far it is indented."""
    lines = (root / "knowledge" / name).read_text("utf-8").splitlines()
    return next(number for number, text in enumerate(lines, 1) if text.strip().startswith(needle))


FILES: Final = (
    *(f"{LANG}/{topic}.md" for topic in TOPICS),
    f"{LANG}/facts.yaml",
    *(f"{folder}/{LANG}.yaml" for folder in ("lexicon", "safety", "acts", "checks", "outside")),
)


@pytest.mark.parametrize("name", FILES)
def test_a_file_left_out(name: str, root: Path) -> None:
    """Each file that a language needs is named when it is not there."""
    without_file(f"knowledge/{name}")(root)
    assert f"knowledge/{name}:1: {MISSING}" in [str(problem) for problem in problems(root) if problem.error]


ENTRIES: Final[dict[str, tuple[str, Take, str, str]]] = {
    "category": ("categories.yaml", without_entry("categories.yaml", 6, "name"), "- id: education", "education: "),
    "municipality": (TOWN, without_entry(TOWN, "name"), "name:", "name: "),
    "operator": (TOWN, without_entry(TOWN, "operator"), "operator:", "operator: "),
    "contact": (TOWN, without_entry(TOWN, "contacts", 1, "name"), "- id: general", "general: "),
    "addition": (TOWN, without_entry(TOWN, "additions", "school", "text"), "school:", "school: "),
    "national name": ("municipalities/_national.yaml", without_entry("municipalities/_national.yaml", "name"), "name:", "name: "),
}


@pytest.mark.parametrize("what", ENTRIES)
def test_an_entry_left_out(what: str, root: Path) -> None:
    """Where languages stand side by side, the one that is missing is named at its line."""
    name, take, needle, text = ENTRIES[what]
    take(root)
    found = [problem for problem in problems(root) if problem.error]
    assert [(p.path, p.text) for p in found] == [(f"knowledge/{name}", f"{text}the language {LANG} is missing")]
    assert found[0].line == line(root, name, needle)


PIECES: Final[dict[str, tuple[str, Take, str]]] = {
    "fact": (
        f"{LANG}/facts.yaml",
        lambda root: edit(root / f"knowledge/{LANG}/facts.yaml", lambda said: said.pop("insured")),
        "facts.yaml: the fact 'insured' is missing; add it",
    ),
    "option of a fact": (
        f"{LANG}/facts.yaml",
        without_line(f"{LANG}/facts.yaml", "    estonia:"),
        "citizenship: the option 'estonia' is missing; add it",
    ),
    "card": (
        f"safety/{LANG}.yaml",
        without_line(f"safety/{LANG}.yaml", "  child:"),
        "the situation 'child' needs a card and combinations",
    ),
    "label of a variant": (
        f"{LANG}/school.md",
        without_line(f"{LANG}/school.md", f"  {VARIANT}:"),
        f"{LABELS}: the variant '{VARIANT}' is missing; add it",
    ),
    "section of a variant": (
        f"{LANG}/school.md",
        without_line(f"{LANG}/school.md", "## variant:"),
        f"{SECTIONS}: the variant '{VARIANT}' is missing; add it",
    ),
}


@pytest.mark.parametrize("what", PIECES)
def test_a_piece_left_out(what: str, root: Path) -> None:
    """What a file of the language itself lacks is named with the file."""
    name, take, text = PIECES[what]
    take(root)
    assert (f"knowledge/{name}", text) in [(problem.path, problem.text) for problem in problems(root) if problem.error]


def test_check_wordings_left_out(root: Path) -> None:
    """A topic without enough check wordings in the language is a warning."""
    edit(root / f"knowledge/checks/{LANG}.yaml", lambda rows: rows.pop(0))
    path = f"knowledge/checks/{LANG}.yaml"
    assert (path, "school has 3 check wordings; write at least 4") in [(problem.path, problem.text) for problem in problems(root)]


def test_the_catalog_left_out(root: Path) -> None:
    """Without its compiled catalog the language is not served; check and start both say what to run."""
    without_file(f"locales/{CATALOG}")(root)
    assert f"{root / 'locales' / CATALOG}:1: there is no compiled catalog; run `make catalogs`" in map(str, problems(root))
    done = run("ask", "x", knowledge=root / "knowledge", locales=root / "locales")
    text = f"teejuht: TEEJUHT_LOCALES: no compiled catalog for {LANG}: run `make catalogs`\n"
    assert (done.returncode, done.stderr) == (1, text)


def test_a_sentence_left_out(root: Path) -> None:
    """A sentence that the language's catalog lacks is named with the file to write it in."""
    write_catalog(root / "locales", LANG, without="abstain")
    path = (root / "locales" / CATALOG).with_suffix(".po")
    assert [str(p) for p in problems(root) if p.error] == [f"{path}:1: the sentence 'abstain' is missing"]


def test_files_of_a_language_that_is_not_named(root: Path) -> None:
    """Files alone do no harm: the language is spoken when languages.yaml names it."""
    edit(root / "knowledge/languages.yaml", lambda said: said["spoken"].remove(LANG))
    add(root / f"knowledge/{LANG}/school.md", "{{ no-such-value }}")
    assert [str(problem) for problem in problems(root) if problem.error] == []
    assert load(root / "knowledge").languages == SPOKEN[:-1]
