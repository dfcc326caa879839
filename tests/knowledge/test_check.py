"""What the check says beyond form: warnings with file and line; and the real knowledge has no error."""

from datetime import date
from itertools import product
from pathlib import Path

import pytest

from bot.content import count_faults
from bot.core.replies import ACT_ORDER
from bot.errors import Problem
from bot.knowledge.build import build
from bot.knowledge.check import check_files, check_wordings
from bot.knowledge.generated import write_forms
from bot.knowledge.read import read, vocabulary
from bot.search.lexicon import WordForms
from bot.search.text import tokens
from bot.settings import Settings
from tests.knowledge.copies import add, change, write
from tests.knowledge.test_faults import FAULTS, problems_of
from tests.worlds import KNOWLEDGE, ROOT, real_world

DAY = date(2026, 11, 22)


def warnings(folder: Path, *, day: date = DAY, checks: bool = False) -> list[tuple[str, int, str]]:
    """Check and give the warnings as (file, line, text); there must be no error."""
    problems = check_files(read(folder, checks=checks), day)
    assert [problem for problem in problems if problem.error] == []
    return [(problem.path, problem.line, problem.text) for problem in problems]


@pytest.mark.untraced
def test_the_real_knowledge_has_no_error() -> None:
    """Everything that is shipped passes the check: all topics in three languages, none short of check wordings."""
    files = read(KNOWLEDGE, checks=True)
    problems = check_files(files, DAY)
    assert [problem for problem in problems if problem.error] == []
    assert [p for p in problems if p.path.startswith("knowledge/checks") and "at least" in p.text] == []
    topics = {path.stem for path in (KNOWLEDGE / "topics").glob("*.yaml")}
    assert len(topics) == 86
    assert {(id, lang) for id, topic in real_world().topics.items() for lang in topic.texts} == set(
        product(topics, files.languages)
    )


def test_no_guide_points_outside_the_repository() -> None:
    """The repository stands alone: its guides and knowledge name no folder beside it."""
    guides = (*ROOT.glob("*.md"), *KNOWLEDGE.rglob("*.md"), *KNOWLEDGE.rglob("*.yaml"))
    assert [path for path in guides if "../shared" in path.read_text("utf-8")] == []


def test_a_topic_past_its_review_day(folder: Path) -> None:
    """A review day in the past is a warning at its line."""
    line = change(folder / "topics/school.yaml", "review_by:", "review_by: 2026-11-21")
    assert ("knowledge/topics/school.yaml", line, "was due for review on 2026-11-21") in warnings(folder)
    assert "school.yaml" not in str(
        [w for w in warnings(folder, day=date(2026, 11, 21)) if w[2].startswith("was due for review")]
    )


def test_a_topic_whose_sources_have_no_date(folder: Path) -> None:
    """A topic with undated sources only is a warning."""
    path = folder / "topics/school.yaml"
    lines = ["    as_of: unknown" if row.startswith("    as_of:") else row for row in path.read_text("utf-8").splitlines()]
    write(path, "\n".join(lines))
    assert ("knowledge/topics/school.yaml", lines.index("sources:") + 1, "no source has a date (as_of)") in warnings(folder)


def test_a_related_topic_that_is_not_there_yet(folder: Path) -> None:
    """A related topic may be written later: a warning."""
    line = change(folder / "topics/school.yaml", "related:", "related: [later]")
    assert ("knowledge/topics/school.yaml", line, "there is no topic 'later' yet") in warnings(folder)


OLD = "fee: an amount needs an as_of of at most 12 months"


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("kind: phone\n  value: '112'\n  source: https://a.ee\n  as_of: unknown", "fee is used nowhere; remove it"),
        (
            "kind: phone\n  value: '112'\n  source: https://a.ee\n  as_of: unknown\n  valid_until: 2026-11-21",
            "fee was valid until 2026-11-21; residents see a link instead",
        ),
        ("kind: money\n  value: 10\n  source: https://a.ee\n  as_of: unknown", OLD),
        ("kind: date\n  value: 2027-01-01\n  source: https://a.ee\n  as_of: 2025-11-20", OLD),
    ],
)  # fmt: skip
def test_values_that_an_editor_should_look_at(entry: str, text: str, folder: Path) -> None:
    """A value that nobody uses, that is over or whose source is old is a warning at its line."""
    line = add(folder / "values.yaml", f"fee:\n  {entry}")
    assert ("knowledge/values.yaml", line, text) in warnings(folder)


def test_a_fresh_value_in_use_is_fine(folder: Path) -> None:
    """A value with a fresh source that a text uses is no warning."""
    add(folder / "values.yaml", "fee:\n  kind: money\n  value: 10.50\n  source: https://a.ee\n  as_of: 2026-01-01")
    add(folder / "en/school.md", "{{ fee }}")
    assert [text for _, _, text in warnings(folder) if text.startswith("fee")] == []


def test_additions_to_a_topic_that_is_not_there_yet(folder: Path) -> None:
    """An addition to an unknown topic is a warning."""
    texts = [text for path, _, text in warnings(folder) if path == "knowledge/municipalities/kohtla-jarve.yaml"]
    assert "there is no topic 'register-residence' yet" in texts


def test_too_few_check_wordings(folder: Path) -> None:
    """A topic or a language with too few check wordings is a warning, when checks are read."""
    for lang in ("et", "ru", "en"):
        write(
            folder / f"checks/{lang}.yaml",
            "- {text: kool, topics: [school], kind: short}\n- {text: ilm, topics: [], kind: none}\n",
        )
    texts = [text for path, _, text in warnings(folder, checks=True) if path == "knowledge/checks/ru.yaml"]
    assert "school has 1 check wordings; write at least 4" in texts
    assert "there are 1 wordings for `none`; write at least 120" in texts
    assert "check wordings" not in str(warnings(folder))


def test_words_without_generated_forms(folder: Path) -> None:
    """Words newer than the generated forms are counted and named, digits are not."""
    add(folder / "en/school.md", "")
    forms = tuple(f"w{number}" for number in range(3))
    write_forms(folder / ".index", "en", [WordForms(lang="en", lemma="w", parts=(), forms=forms)], "test")
    (found,) = [row for row in warnings(folder) if "no generated forms" in row[2]]
    assert found[0] == "knowledge/.index"
    assert "run `teejuht forms`" in found[2]


def test_words_that_all_have_forms(folder: Path) -> None:
    """Where the generated forms know every word there is nothing to run."""
    words = {token for _, text in vocabulary(read(folder)) for token in tokens(text)}
    write_forms(folder / ".index", "en", [WordForms(lang="en", lemma="w", parts=(), forms=tuple(words))], "test")
    assert "no generated forms" not in str(warnings(folder))


def test_forms_with_an_ending_need_no_table(folder: Path) -> None:
    """What is a known form with an ending that may follow any is no word without forms, and a digit is no word."""
    words = {token for _, text in vocabulary(read(folder)) for token in tokens(text)}
    write_forms(folder / ".index", "en", [WordForms(lang="en", lemma="w", parts=(), forms=(*words, "quidditch"))], "test")
    change(folder / "en/school.md", "title:", "title: Quidditchile 2026")
    assert "1 words have no generated forms (quidditchile ...)" in str(warnings(folder))
    add(folder / "lexicon/et.yaml", "endings: [le, ile]")
    assert "no generated forms" not in str(warnings(folder))


def test_check_wordings_with_a_wrong_answer(folder: Path) -> None:
    """A check wording that is answered with another topic, or at all, is a warning at its line."""
    titles = {id: (folder / f"en/{id}.md").read_text("utf-8").split("\n")[1][7:] for id in ("school", "mental-health")}
    text = (
        f"- text: '{titles['school']}'\n  kind: plain\n  topics: [school]\n"
        f"- {{kind: plain, topics: [mental-health], text: '{titles['school']}'}}\n"
        f"- {{kind: plain, topics: [], text: '{titles['mental-health']}'}}\n"
        "- {kind: plain, topics: [school], text: 'xyzzy'}\n"
    )
    for lang in ("et", "ru", "en"):
        write(folder / f"checks/{lang}.yaml", text if lang == "en" else "[]\n")
    write(folder / ".index/fitted.json", (KNOWLEDGE / ".index/fitted.json").read_text("utf-8"))
    files = read(folder, checks=True)
    world = build(files)
    assert world is not None
    path = "knowledge/checks/en.yaml"
    assert list(check_wordings(files, world)) == [
        Problem(path, 1, f"{titles['school']!r} is answered with school, not mental-health", error=False),
        Problem(path, 5, f"{titles['mental-health']!r} is answered with mental-health, not none", error=False),
    ]


def test_warnings_keep_nothing_from_being_served(folder: Path) -> None:
    """Only errors are counted."""
    change(folder / "topics/school.yaml", "related:", "related: [later]")
    assert "there is no topic 'later' yet" in {text for _, _, text in warnings(folder)}
    assert count_faults(Settings(knowledge=folder)) == 0


@pytest.mark.parametrize("name", ["missing key", "language that is no code", "amount that is no number", "set that is missing"])
def test_what_keeps_files_from_being_served_is_counted(name: str, folder: Path) -> None:
    """As many errors are counted as a load refuses the files for, also those that show only while building."""
    file, break_it, _ = FAULTS[name]
    break_it(folder / file)
    assert count_faults(Settings(knowledge=folder)) == len(problems_of(folder))


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("eo/school.md", "", None),
        ("en/scool.md", "", "nobody reads this file: there is no topics/scool.yaml"),
        ("en/school.txt", "", "nobody reads this file: there is no topics/school.yaml"),
        ("topics/pets.yml", "", "nobody reads this file; its name must end with .yaml"),
        ("municipalities/narva.yaml.bak", "", "nobody reads this file; its name must end with .yaml"),
        ("lexicon/en.yaml", "synonyms: []\n", "there are no function_words; write the words of grammar"),
        ("acts/en.yaml", "greeting: [hello]\n", "no wordings for " + ", ".join(ACT_ORDER[1:])),
    ],
)  # fmt: skip
def test_files_that_nobody_reads_and_words_that_are_missing(file: str, text: str, said: str | None, folder: Path) -> None:
    """A slip in a file's name, a language without its words of grammar or its small acts: warnings."""
    write(folder / file, text)
    found = [(path, words) for path, _, words in warnings(folder) if path == f"knowledge/{file}"]
    assert found == ([(f"knowledge/{file}", said)] if said else [])


def test_a_name_in_a_language_that_is_not_spoken(folder: Path) -> None:
    """A name may be there before its language is: a warning, with what to mend."""
    line = change(folder / "municipalities/kohtla-jarve.yaml", "name:", "name: {et: K, ru: К, en: K, eo: K}")
    assert ("knowledge/municipalities/kohtla-jarve.yaml", line, "name: 'eo' is no language of languages.yaml") in warnings(folder)


def test_an_address_in_a_text(folder: Path) -> None:
    """An address stands once, as a value: a warning."""
    line = add(folder / "en/school.md", "See https://www.example.ee/school for more.")
    text = "make this address a value in values.yaml, so that it stands once"
    assert ("knowledge/en/school.md", line, text) in warnings(folder)


def test_a_link_without_a_language(folder: Path) -> None:
    """Where a language has no address of its own, the first one stands in: a warning."""
    page = "page:\n  kind: link\n  value: {et: https://a.ee}\n  source: https://a.ee\n  as_of: unknown"
    line = add(folder / "values.yaml", page)
    assert ("knowledge/values.yaml", line, "page: no address for en, ru; the first one stands in") in warnings(folder)


@pytest.mark.parametrize("key", ["checked", "as_of"])
def test_a_day_that_lies_ahead(key: str, folder: Path) -> None:
    """Nobody compares tomorrow, and no page speaks for it: a warning."""
    change(folder / "topics/school.yaml", f"    {key}:", f"    {key}: 2026-11-23")
    said = "this day lies ahead; write the day that it was"
    assert said in {text for _, _, text in warnings(folder)}
    assert said not in {text for _, _, text in warnings(folder, day=date(2026, 11, 23))}


def test_a_check_wording_of_a_topic_that_is_not_there(folder: Path) -> None:
    """A slip in a topic's name is an error at its line."""
    for lang in ("et", "ru", "en"):
        rows = (f"- {{text: {text}, topics: [{topic}], kind: short}}\n" for text, topic in (("one", "school"), ("two", "scool")))
        write(folder / f"checks/{lang}.yaml", "".join(rows))
    found = [problem for problem in check_files(read(folder, checks=True), DAY) if problem.error]
    assert [(problem.path, problem.line, problem.text) for problem in found] == [
        (f"knowledge/checks/{lang}.yaml", 2, "there is no topic 'scool'") for lang in ("et", "ru", "en")
    ]
