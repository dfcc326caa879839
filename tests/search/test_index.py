"""Evidence: which topic a message speaks of, how strongly, and what leaving a wording or a topic out means."""

from dataclasses import astuple

import pytest

from bot.search.index import Evidence, Index, Wording
from bot.search.lexicon import unknown_words, with_words
from tests.search.words import small_lexicon
from tests.worlds import real_world

TEXTS = {
    "family-benefits": ("lapse toetus", "kuidas taotleda lapse toetust", "детское пособие", "child benefit", "pension"),
    "residence": ("elamisluba", "kuidas taotleda elamisluba", "вид на жительство", "residence permit", "luba"),
    "school": ("kool", "kas laps läheb kooli", "школа для ребенка", "school", "ja ma"),
    "doctor": ("perearst", "perearst ja laps", "family doctor"),
}


def wordings(*left_out: str) -> list[Wording]:
    """Give the wordings of a small knowledge base without some topics; the last of each topic is a keyword."""
    return [
        Wording(topic=topic, lang="et", field="keyword" if text == texts[-1] else "question", text=text)
        for topic, texts in TEXTS.items()
        for text in texts
        if topic not in left_out
    ]


def index(rows: list[Wording]) -> Index:
    """Build an index over the small lexicon; it knows every word of the small knowledge base."""
    lexicon = small_lexicon()
    strange = unknown_words(lexicon, ((row.lang, row.text) for row in wordings()))
    return Index(rows, with_words(lexicon, strange))


INDEX = index(wordings())


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("lapse toetus", "family-benefits"),
        ("LAPSETOETUS", "family-benefits"),
        ("raha lapsele, toetus", "family-benefits"),
        ("пособие на детей", "family-benefits"),
        ("posobie na detey", "family-benefits"),
        ("benefits", "family-benefits"),
        ("внж", "residence"),
        ("vid na zhitelstvo", "residence"),
        ("elamisloa taotlemine", "residence"),
        ("elamisluab", "residence"),
        ("где получить elamisluba", "residence"),
        ("koolid", "school"),
        ("shkola", "school"),
        ("perearstki", "doctor"),
        ("perrearst", "doctor"),
        ("ja ma", "school"),
    ],
)
def test_the_topic_a_message_speaks_of(text: str, topic: str) -> None:
    """The best evidence is for the right topic, in any form, script or mixture, with slips and synonyms."""
    assert INDEX.find(text)[0].topic == topic


@pytest.mark.parametrize("text", ["", "?!", "👍", "\n"])
def test_a_message_without_words(text: str) -> None:
    """Where there are no words there is no evidence."""
    assert INDEX.find(text) == []


def test_a_message_of_unknown_words() -> None:
    """Unknown words give no evidence, or evidence from single trigrams at most."""
    assert [evidence for evidence in INDEX.find("xyzzy qqqq") if evidence.phrase or evidence.coverage] == []


def test_an_empty_index() -> None:
    """An index of nothing finds nothing."""
    assert Index([], small_lexicon()).find("kool") == []


def test_the_figures_of_evidence() -> None:
    """A phrasing itself is full evidence; the strongest has a margin above the next, the others below it."""
    best, *others = INDEX.find("kuidas taotleda lapse toetust")
    assert (best.phrase, best.coverage, best.slips, best.unknown, best.words, best.agreement) == (1.0, 1.0, 0.0, 0.0, 3, True)
    assert best.trigram == pytest.approx(1.0)
    assert INDEX.wordings[best.wording].text == "kuidas taotleda lapse toetust"
    assert best.margin == best.score - others[0].score > 0
    assert [evidence.margin for evidence in others] == [evidence.score - best.score for evidence in others]


def test_slips_and_unknown_words_are_counted() -> None:
    """The share of words with slips and of words that no wording has."""
    slip, unknown = INDEX.find("perrearst kooli")[0], INDEX.find("perearst kooli xyzzyx maja")[0]
    assert (slip.words, slip.slips, slip.unknown) == (2, 0.5, 0.0)
    assert (unknown.words, unknown.unknown) == (4, 0.5)


def test_a_long_message_is_not_diluted_without_end() -> None:
    """A story around the question lowers evidence, but a phrasing within it stays visible."""
    story = "kuidas taotleda lapse toetust, " + "xyzzy " * 40
    (best, *_) = INDEX.find(story)
    assert best.topic == "family-benefits"
    assert best.phrase > 0.4
    assert best.coverage < 0.2


def test_a_keyword_is_worth_a_little_less_than_a_question() -> None:
    """The same word counts less where it stands as a keyword."""
    assert INDEX.find("pension")[0].phrase == 0.95
    assert INDEX.find("elamisluba")[0].phrase == 1.0


def test_topics_of_an_index() -> None:
    """The topics are those that have wordings, in their order."""
    assert INDEX.topics == tuple(TEXTS)


def close(one: list[Evidence], other: list[Evidence]) -> bool:
    """Tell whether two findings agree, up to what the rest of the index weighs."""
    if [evidence.topic for evidence in one] != [evidence.topic for evidence in other]:
        return False
    figures = [(e.score, e.phrase, e.coverage, e.trigram, e.margin, e.slips, e.unknown, e.words) for e in one]
    return all(
        figure == pytest.approx((e.score, e.phrase, e.coverage, e.trigram, e.margin, e.slips, e.unknown, e.words), abs=0.1)
        for figure, e in zip(figures, other, strict=True)
    )


@pytest.mark.parametrize("number", range(len(wordings())))
def test_a_left_out_wording_is_as_if_it_had_never_been_written(number: int) -> None:
    """Leaving a wording out gives what an index built without it gives, exactly where words are known or not."""
    rows = wordings()
    text = rows[number].text
    left_out = INDEX.find(text, without=number)
    never = index(rows[:number] + rows[number + 1 :]).find(text)
    assert number not in {evidence.wording for evidence in left_out}
    assert {e.topic: (e.unknown, e.words) for e in left_out} == {e.topic: (e.unknown, e.words) for e in never}
    assert close(left_out, never)


@pytest.mark.parametrize("topic", TEXTS)
def test_a_hidden_topic_is_as_if_it_had_never_been_written(topic: str) -> None:
    """Hiding a topic gives what an index built without it gives."""
    never = index(wordings(topic))
    for text in TEXTS[topic]:
        hidden = INDEX.find(text, hidden=topic)
        assert {e.topic: (e.unknown, e.words) for e in hidden} == {e.topic: (e.unknown, e.words) for e in never.find(text)}
        assert topic not in {evidence.topic for evidence in hidden}
        assert all(
            e.coverage == pytest.approx(o.coverage, abs=0.05) for e in hidden for o in never.find(text) if e.topic == o.topic
        )


def test_leaving_out_in_the_real_knowledge() -> None:
    """In a large index the rest hardly changes: the order of the first topics is that of an index without the wording."""
    full = real_world().finder.index
    for number in (5, 205, 805):
        wording = full.wordings[number]
        never = Index(full.wordings[:number] + full.wordings[number + 1 :], full.lexicon).find(wording.text)
        left_out = full.find(wording.text, without=number)
        assert [e.unknown for e in left_out] == [e.unknown for e in never]
        assert {e.topic: e.score for e in left_out} == pytest.approx({e.topic: e.score for e in never}, abs=0.03)


def test_looking_changes_nothing() -> None:
    """The same message gives the same evidence, whatever was left out in between."""
    before = [astuple(evidence) for evidence in INDEX.find("lapse toetus")]
    INDEX.find("lapse toetus", without=0)
    INDEX.find("lapse toetus", hidden="family-benefits")
    assert [astuple(evidence) for evidence in INDEX.find("lapse toetus")] == before
