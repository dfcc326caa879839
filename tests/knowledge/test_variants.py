"""Facts, their words and the variants of topics: what is missing, wrong or can never be shown is told with its file."""

from datetime import date
from pathlib import Path
from typing import Final

import pytest

from bot.groups.rules import All, AnyOf, Is
from bot.knowledge.build import build
from bot.knowledge.check import check_files
from bot.knowledge.load import load
from bot.knowledge.read import read
from tests.knowledge.copies import add, change, write
from tests.worlds import KNOWLEDGE, real_world

DAY: Final = date(2026, 11, 22)
TOPIC: Final = "topics/school.yaml"
EU: Final = "{citizenship: eu}"
ONLY: Final = "{}: options belong to a choice, and only to a choice"
REMOVE: Final = "; look for a slip of the pen or remove it"


def with_variants(folder: Path, *rules: tuple[str, str]) -> None:
    """Give the topic variants, whole in every language: (id, rule as YAML)."""
    lines = "".join(f"  - id: {id}\n    when: {rule}\n" for id, rule in rules)
    add(folder / TOPIC, f"variants:\n{lines.rstrip()}")
    ids = dict.fromkeys(id for id, _ in rules)
    for lang in ("et", "ru", "en"):
        labels = "".join(f"\n  {id}: Label {id}" for id in ids)
        change(folder / lang / "school.md", "title:", f"title: School {lang}\nvariants:{labels}")
        for id in ids:
            add(folder / lang / "school.md", f"## variant: {id}\nDifferent for {id}.\n")


def faults(folder: Path) -> list[tuple[str, str]]:
    """Give the errors of the check as (file, text)."""
    return [(problem.path, problem.text) for problem in check_files(read(folder), DAY) if problem.error]


def test_variants_reach_the_world(folder: Path) -> None:
    """A rule becomes a value, sections and labels stand by language, and the answer ends where the first section begins."""
    with_variants(folder, ("eu", EU), ("rest", "{any: [{citizenship: other}, {adult: false, insured: true}]}"))
    school = load(folder).topics["school"]
    assert [variant.id for variant in school.variants] == ["eu", "rest"]
    assert school.variants[0].when == Is("citizenship", ("eu",))
    other, rest = Is("citizenship", ("other",)), All((Is("adult", (False,)), Is("insured", (True,))))
    assert school.variants[1].when == AnyOf((other, rest))
    said = school.texts["ru"]
    assert (said.variants["eu"].label, said.variants["eu"].body) == ("Label eu", "Different for eu.")
    assert "variant" not in said.body


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ([("a", "{citizenship: moon}")], "variant 'a': citizenship: 'moon' is no value of it; there are estonia"),
        ([("a", "{age: 5}")], "variant 'a': there is no fact 'age'; there are adult, citizenship, "),
        ([("a", "{all: [{adult: true}, {adult: false}]}")], "the rule of variant 'a' holds for nobody"),
        ([("a", "{adult: [true, false]}")], "the rule of variant 'a' holds for everybody; say it in the answer itself"),
        (
            [("a", "{citizenship: [eu, other]}"), ("b", EU)],
            "variant 'b' is never shown: whenever its rule holds, an earlier variant's holds too",
        ),
        ([("a", EU), ("a", "{citizenship: other}")], "the variant 'a' is there twice; take one out"),
        ([("a", "{returned_on: {within: 8 years ago}}")], "variant 'a': returned_on: write a comparison such as "),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_work(rules: list[tuple[str, str]], text: str, folder: Path) -> None:
    """A rule must be readable, hold for somebody and not for everybody, and not stand behind a wider one."""
    with_variants(folder, *rules)
    found = faults(folder)
    assert [path for path, said in found if said.startswith(text)] == [f"knowledge/{TOPIC}"]
    assert len(found) == 1


def test_rules_that_overlap_are_fine(folder: Path) -> None:
    """The first that holds is shown, so a narrow rule may stand before a wide one."""
    with_variants(folder, ("a", EU), ("b", "{citizenship: [eu, other]}"), ("c", "{resident_since: {more_than: 5 years}}"))
    assert faults(folder) == []


def test_a_section_or_label_that_is_missing_or_too_many(folder: Path) -> None:
    """Every language has the label and the section of every variant, and no others."""
    with_variants(folder, ("eu", EU))
    change(folder / "ru/school.md", "## variant: eu", "## variant: ue")
    change(folder / "en/school.md", "  eu: Label", "  uk: Label")
    assert faults(folder) == [
        ("knowledge/ru/school.md", "sections `## variant: ...`: the variant 'eu' is missing; add it"),
        (
            "knowledge/ru/school.md",
            "sections `## variant: ...`: there is no variant 'ue'; look for a slip of the pen or remove it",
        ),
        ("knowledge/en/school.md", "variants (labels in the head): the variant 'eu' is missing; add it"),
        (
            "knowledge/en/school.md",
            "variants (labels in the head): there is no variant 'uk'; look for a slip of the pen or remove it",
        ),
    ]
    world = build(read(folder))
    assert world is not None
    assert world.topics["school"].variants == ()


def test_the_text_of_a_variant_is_checked_like_an_answer(folder: Path) -> None:
    """Length, values and markup count in a section too."""
    with_variants(folder, ("eu", EU))
    add(folder / "et/school.md", "word " * 130 + "{{ nothing }}\n## Cost")
    texts = [text for _, text in faults(folder)]
    assert [text.split(" has ")[0] for text in texts if "at most 600" in text] == ["the variant 'eu'"]
    assert {"there is no value 'nothing' in values.yaml", "only paragraphs, lists, bold and links are shown; write it so"} < set(
        texts
    )


@pytest.mark.parametrize(
    ("file", "needle", "line", "text"),
    [
        ("facts.yaml", "- id: adult", "- id: insured", "the fact 'insured' is there twice; take one out"),
        ("facts.yaml", "  options: [birth", None, ONLY.format("citizenship_by")),
        ("facts.yaml", "- id: for_child", "- id: for_child\n  options: [a]", ONLY.format("for_child")),
        ("ru/facts.yaml", "insured:", "assured:", "facts.yaml: the fact 'insured' is missing; add it"),
        ("ru/facts.yaml", "insured:", "assured:", "facts.yaml: there is no fact 'assured'" + REMOVE),
        ("en/facts.yaml", "    estonia:", None, "citizenship: the option 'estonia' is missing; add it"),
        ("en/facts.yaml", "    estonia:", "    eesti: E", "citizenship: there is no option 'eesti'" + REMOVE),
    ],
)  # fmt: skip
def test_facts_and_their_words_go_together(file: str, needle: str, line: str | None, text: str, folder: Path) -> None:
    """A fact stands once, has options if it is a choice, and is worded in every language with every option."""
    change(folder / file, needle, line)
    assert (f"knowledge/{file}", text) in faults(folder)


def test_no_language_without_words_for_the_facts(folder: Path) -> None:
    """A missing file of words is named."""
    (folder / "ru/facts.yaml").unlink()
    write(folder / "en/facts.yaml", "")
    assert {path for path, _ in faults(folder)} == {"knowledge/ru/facts.yaml", "knowledge/en/facts.yaml"}


def test_the_facts_are_those_the_rules_are_written_for() -> None:
    """The facts that target groups rest on, with their values; scripts rely on them."""
    table = read(KNOWLEDGE).fact_table
    yes_no, dates = (True, False), ()
    assert {id: fact.values() for id, fact in table.items()} == {
        "adult": yes_no,
        "citizenship": ("estonia", "eu", "other", "undetermined"),
        "citizenship_by": ("birth", "naturalisation"),
        "alien_passport": yes_no,
        "resident_since": dates,
        "residence_basis": (
            "aliens-act-permit", "refugee", "subsidiary-protection", "temporary-protection", "eu-temporary-right",
            "eu-family-temporary-right", "long-term-permit", "permanent-right", "visa", "asylum-applicant", "none",
        ),
        "lived_abroad": yes_no,
        "returned_on": dates,
        "residence_registered": yes_no,
        "main_language": ("estonian", "other"),
        "belongs_to_estonian_community": yes_no,
        "insured": yes_no,
        "for_child": yes_no,
    }  # fmt: skip


def test_every_variant_of_the_real_knowledge_has_a_rule() -> None:
    """No variant was left out of the World for a fault."""
    files = read(KNOWLEDGE)
    written = {(id, variant.id) for id, topic in files.topics.items() for variant in topic.variants}
    assert {(id, variant.id) for id, topic in real_world().topics.items() for variant in topic.variants} == written
