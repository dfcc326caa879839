"""The World that files make: order, values, places, languages."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from bot.knowledge.build import build
from bot.knowledge.files import Reader
from bot.knowledge.load import load
from bot.knowledge.read import Files, read, texts, vocabulary
from tests.knowledge.copies import TOPICS, add, change, write


def test_topics_stand_in_the_order_of_categories_then_titles(folder: Path) -> None:
    """Topics follow the shelves, and on a shelf their Estonian titles."""
    world = load(folder)
    shelves = [category.id for category in world.categories]
    places = [(shelves.index(topic.category), topic.texts["et"].title) for topic in world.topics.values()]
    assert set(world.topics) == set(TOPICS)
    assert places == sorted(places)


def test_a_topic_that_lacks_a_language_is_not_in_the_world(folder: Path) -> None:
    """A half-translated topic is left out even when the World is built in spite of errors, as the check does."""
    (folder / "ru/school.md").unlink()
    world = build(read(folder))
    assert world is not None
    assert "school" not in world.topics


def test_values_have_the_types_of_their_kinds(folder: Path) -> None:
    """Money is a decimal, a date a date, a link has languages, and `see` falls back to the source."""
    add(folder / "values.yaml", "fee:\n  kind: money\n  value: 10.50\n  source: https://a.ee\n  as_of: 2026-01-01")
    add(
        folder / "values.yaml",
        "start:\n  kind: date\n  value: 2026-09-01\n  source: https://a.ee\n  as_of: unknown\n  see: https://b.ee",
    )
    add(
        folder / "values.yaml",
        "page:\n  kind: link\n  value: {et: https://a.ee/et, ru: https://a.ee/ru}\n  source: https://a.ee\n  as_of: unknown",
    )
    values = load(folder).values
    assert (values["fee"].value, values["fee"].see) == (Decimal("10.50"), "https://a.ee")
    assert (values["start"].value, values["start"].see) == (date(2026, 9, 1), "https://b.ee")
    assert values["page"].links == {"et": "https://a.ee/et", "ru": "https://a.ee/ru"}
    assert values["page"].value == "https://a.ee/et"


def test_topics_of_careful_categories_are_careful(folder: Path) -> None:
    """The finder knows the topics that need more certainty."""
    change(folder / "topics/school.yaml", "category:", "category: status-and-documents")
    assert load(folder).finder.careful == {"school"}


def test_municipalities_are_found_by_name_and_alias(folder: Path) -> None:
    """Every name and alias of a municipality finds it; the national fallback is no place."""
    world = load(folder, home="kohtla-jarve")
    assert world.home == "kohtla-jarve"
    assert {world.places.find(name) for name in world.municipalities["kohtla-jarve"].aliases} == {"kohtla-jarve"}
    assert world.places.find(world.municipalities["_national"].names["et"]) is None


def test_new_words_are_found_before_forms_are_generated(folder: Path) -> None:
    """A word that no table has yet is known by its own form."""
    change(folder / "en/school.md", "title:", "title: Quidditch lessons")
    finder = load(folder).finder
    assert finder.index.lexicon.known("quidditch") == ("en:quidditch",)
    assert finder.find("quidditch lessons").shown[0].topic == "school"


def test_patterns_of_one_situation_in_several_languages(folder: Path) -> None:
    """Each language's lines of a situation are asked; a language may lack one in a world built for the check."""
    write(folder / "safety/ru.yaml", "cards: {}\nsituations: {}\n")
    world = build(read(folder))
    assert world is not None
    assert world.dangers.find("zzchild") == "child"
    assert {pattern.name for pattern in world.dangers.patterns} == set(world.cards)


def test_generators_read_wordings_lexicon_patterns_and_answers(folder: Path) -> None:
    """Vocabulary leaves out sets, starts and exact forms of patterns; `texts` adds the answers."""
    files = read(folder)
    known = list(vocabulary(files))
    assert ("et", "ja") not in known
    write(
        folder / "safety/et.yaml",
        (folder / "safety/et.yaml").read_text("utf-8").replace("'=zzchild'", "'laps|poeg ~kadu =mind <kid>'"),
    )
    write(folder / "lexicon/et.yaml", "frame_words: [taotlema]\nofficial: [perearst]\nsynonyms: [[isikukood, ik]]\n")
    assert {("et", "laps poeg"), ("et", "taotlema"), ("et", "perearst"), ("et", "ik")} <= set(vocabulary(read(folder)))
    assert {text for _, text in texts(files)} - {text for _, text in known} == {
        body for by_lang in files.texts.values() for text in by_lang.values() for body in (text.body, *text.variants.values())
    }


def test_nothing_is_built_from_nothing(tmp_path: Path) -> None:
    """Without topics there is no World, and the reason is reported."""
    files = Files(Reader(tmp_path))
    assert build(files) is None
    assert [problem.text for problem in files.problems] == ["there must be languages, topics and municipalities/_national.yaml"]
