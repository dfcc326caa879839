"""Evidence: which topic a message speaks of, how strongly, and what is outside."""

from dataclasses import astuple, replace
from functools import cache
from typing import Final

import pytest

from bot.insight.ranking import fit_weights
from bot.search.confidence import CERTAIN, probability
from bot.search.index import CANDIDATES, COMPARED, DOUBT, OUTSIDE, Index, Wording, spelling, terms
from bot.search.lexicon import Lexicon, Slot, unknown_words, with_words
from bot.search.linear import UNFITTED_WEIGHTS, Linear
from tests.search.words import small_lexicon
from tests.worlds import real_world

TEXTS: Final = {
    "family-benefits": ("lapse toetus", "kuidas taotleda lapse toetust", "детское пособие", "child benefit", "pension"),
    "residence": ("elamisluba", "kuidas taotleda elamisluba", "вид на жительство", "residence permit", "luba"),
    "school": ("kool", "kas laps läheb kooli", "школа для ребенка", "school", "ja ma"),
    "doctor": ("perearst", "perearst ja laps", "family doctor", "minu perearst", "doctor"),
    "~weather": ("kas homme on vihma", "kas täna on vihma", "какая погода", "weather tomorrow", "kas homme on lund"),
}


def wordings() -> list[Wording]:
    """Give the wordings of a small knowledge base; the last of each topic is a keyword."""
    return [
        Wording(topic=topic, lang="et", field="keyword" if text == texts[-1] else "question", text=text)
        for topic, texts in TEXTS.items()
        for text in texts
    ]


def lexicon(*more: Wording) -> Lexicon:
    """Give the small lexicon, which knows every word of the small knowledge base, and of what is written since."""
    known = small_lexicon()
    return with_words(known, unknown_words(known, ((row.lang, row.text) for row in (*wordings(), *more))))


@cache
def fitted() -> Linear:
    """Fit the small knowledge base once."""
    return Linear(fit_weights(Index(wordings(), lexicon(), Linear(UNFITTED_WEIGHTS))))


INDEX: Final = Index(wordings(), lexicon(), fitted())


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
    """Unknown words speak for no topic: there is nothing that they are near to."""
    found = INDEX.find("xyzzy qqqq")
    assert {(e.phrase, e.coverage, e.unknown, e.wording, e.exact) for e in found} == {(0.0, 0.0, 1.0, -1, False)}


def test_an_empty_index() -> None:
    """An index of nothing finds nothing, whatever was fitted."""
    for linear in (Linear(UNFITTED_WEIGHTS), fitted()):
        assert Index([], small_lexicon(), linear).find("kool") == []


def test_the_figures_of_evidence() -> None:
    """A phrasing itself is full evidence; the likeliest leads by what it has over the next, the others lag behind it."""
    best, second, *others = INDEX.find("kuidas taotleda lapse toetust")
    assert (best.phrase, best.coverage, best.slips, best.unknown, best.words) == (1.0, 1.0, 0.0, 0.0, 3)
    assert INDEX.wordings[best.wording].text == "kuidas taotleda lapse toetust"
    assert best.score > best.outside
    assert best.lead == best.score - second.score > 0
    assert [evidence.lead for evidence in others] == [evidence.score - best.score for evidence in others]
    assert max(evidence.score for evidence in (second, *others)) == second.score
    assert len({evidence.outside for evidence in (best, second, *others)}) == 1


def test_slips_and_unknown_words_are_counted() -> None:
    """The share of words with slips and of words that speak for no topic."""
    slip, unknown = INDEX.find("perrearst kooli")[0], INDEX.find("perearst kooli xyzzyx maja")[0]
    assert (slip.words, slip.slips, slip.unknown) == (2, 0.5, 0.0)
    assert (unknown.words, unknown.unknown) == (4, 0.5)


def test_a_long_message_is_not_diluted_without_end() -> None:
    """A story around the question lowers evidence, but a phrasing within it stays visible."""
    story = "kuidas taotleda lapse toetust, " + "xyzzy " * 40
    (best, *_) = INDEX.find(story)
    assert best.topic == "family-benefits"
    assert best.phrase > 0.4
    assert best.coverage < 0.25
    assert best.unknown > 0.9


def test_a_keyword_is_worth_a_little_less_than_a_question() -> None:
    """The same word counts less where it stands as a keyword."""
    assert INDEX.find("pension")[0].phrase == pytest.approx(0.95)
    assert INDEX.find("elamisluba")[0].phrase == pytest.approx(1.0)


def test_topics_of_an_index() -> None:
    """The topics are those that have wordings, sorted; what is outside is none."""
    assert INDEX.topics == ("doctor", "family-benefits", "residence", "school")
    assert len(INDEX.wordings) == len(wordings())
    assert all(wording.topic.startswith(OUTSIDE) for wording in INDEX.wordings[-5:])


# --- what is outside --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["kas homme on vihma", "погода", "weather", "vihma täna", "weather school tomorrow"])
def test_what_is_outside(text: str) -> None:
    """A question that nothing here answers is likelier outside than in any topic, and is never a topic itself."""
    found = INDEX.find(text)
    assert {evidence.topic for evidence in found} <= set(INDEX.topics)
    assert found[0].outside > found[0].score
    assert not any(evidence.exact for evidence in found)


def test_what_is_inside() -> None:
    """A phrasing of a topic is likelier in it than outside."""
    for topic, texts in TEXTS.items():
        for text in texts if not topic.startswith(OUTSIDE) else ():
            assert INDEX.find(text)[0].score > INDEX.find(text)[0].outside


# --- what editors wrote word for word ---------------------------------------------------------------------------------


def test_an_exact_phrasing_is_certain() -> None:
    """A title or phrasing, word for word, leaves no doubt; capitals, signs and diacritics do not matter."""
    for text in ("kas laps läheb kooli", "Kas laps LAHEB kooli?!", "kas, laps. läheb kooli"):
        best, *others = INDEX.find(text)
        assert (best.topic, best.exact) == ("school", True)
        assert probability(best, real_world().finder.fit.weights) == CERTAIN
        assert not any(evidence.exact for evidence in others)


@pytest.mark.parametrize("text", ["kas laps läheb", "laps läheb kooli", "kas laps kooli läheb", "kas laps läheb koolis"])
def test_nearly_a_phrasing_is_not_exact(text: str) -> None:
    """Another word, one left out, another order or form: that has to be weighed."""
    assert not any(evidence.exact for evidence in INDEX.find(text))


def test_a_keyword_is_never_exact() -> None:
    """A keyword alone may mean more than one thing."""
    assert INDEX.find("pension")[0].topic == "family-benefits"
    assert not INDEX.find("pension")[0].exact


def test_every_phrasing_of_the_real_knowledge_is_exact() -> None:
    """Whatever editors wrote as a title or question is found again under its topic."""
    index = real_world().finder.index
    written = [row for row in index.wordings if row.field in ("title", "question")][::50]
    assert [row for row in written if not any(e.topic == row.topic and e.exact for e in index.find(row.text))] == []


# --- what is newer than the fit ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["kas on kuskil rohelist õunamoosi", "rohelist õunamoosi", "õunamoosi"])
def test_a_topic_that_the_fit_does_not_know(text: str) -> None:
    """A topic newer than the fit is as likely as the likeliest where the message is its wording, and less the less it is."""
    new = Wording(topic="jam", lang="et", field="question", text="kas on kuskil rohelist õunamoosi")
    found = {evidence.topic: evidence for evidence in Index([*wordings(), new], lexicon(new), fitted()).find(text)}
    most = max(evidence.score for topic, evidence in found.items() if topic != "jam")
    assert found["jam"].score == pytest.approx(most - DOUBT * (1 - found["jam"].phrase))
    assert found["jam"].phrase == max(evidence.phrase for evidence in found.values()) > 0.3


def test_a_phrasing_that_the_fit_does_not_know() -> None:
    """A phrasing newer than the fit counts as soon as it is written."""
    new = Wording(topic="family-benefits", lang="et", field="question", text="kas laps saab raha")
    indexes = (Index(rows, lexicon(new), fitted()) for rows in (wordings(), [*wordings(), new]))
    before, after = (next(e for e in index.find(new.text) if e.topic == new.topic) for index in indexes)
    assert (before.exact, after.exact) == (False, True)
    assert before.phrase < after.phrase == pytest.approx(1.0)


def test_without_a_fit_words_still_find() -> None:
    """In an index that was never fitted the topic with the nearest wording is the likeliest."""
    bare = Index(wordings(), INDEX.lexicon, Linear(UNFITTED_WEIGHTS))
    for text, topic in (("lapse toetus", "family-benefits"), ("школа", "school"), ("perearst", "doctor")):
        assert bare.find(text)[0].topic == topic


def test_a_topic_newer_than_the_fit_is_found_by_its_words_only() -> None:
    """It comes first where the message is one of its wordings, and elsewhere it changes nothing for the others."""
    new = [Wording(topic="aaa", lang="et", field="question", text=text) for text in ("mesitaru", "kus on mesilased")]
    before, after = Index(wordings(), lexicon(*new), fitted()), Index([*wordings(), *new], lexicon(*new), fitted())
    assert [e.topic for e in after.find("mesitaru") if e.exact] == ["aaa"]
    for text in ("lapse toetus", "школа", "perearst", "xyzzy"):
        assert [e for e in after.find(text) if e.topic != "aaa"] == [
            replace(e, wording=e.wording + (len(new) if e.wording >= 0 else 0)) for e in before.find(text)
        ]
        assert "aaa" not in {e.topic for e in after.find(text)}


def test_an_exact_phrasing_is_found_however_unlikely() -> None:
    """What an editor wrote word for word is evidence even if the fit puts the topic behind many others."""
    index = real_world().finder.index
    wording = Wording(topic=index.topics[-1], lang="en", field="question", text="where is my woollen scarf")
    more = Index([*index.wordings, wording], index.lexicon, index.linear)
    assert [evidence.topic for evidence in more.find(wording.text) if evidence.exact] == [wording.topic]


def test_an_index_of_one_topic() -> None:
    """The only topic leads over all that is outside."""
    rows = [row for row in wordings() if row.topic == "school"]
    assert Index(rows, INDEX.lexicon, fitted()).find("kool")[0].topic == "school"


def test_a_large_index_gives_the_likeliest_only() -> None:
    """Of the real topics the likeliest are given, and only the first of them are compared."""
    found = real_world().finder.index.find("kus on kool")
    assert len(found) == CANDIDATES
    assert [evidence.score for evidence in found] == sorted((evidence.score for evidence in found), reverse=True)
    assert {(e.phrase, e.coverage, e.wording) for e in found[COMPARED:]} == {(0.0, 0.0, -1)}


def test_looking_changes_nothing() -> None:
    """The same message gives the same evidence, whatever was asked in between, in the same index or another."""
    before = [astuple(evidence) for evidence in INDEX.find("lapse toetus")]
    for text in ("perearst", "xyzzy", "", "kool"):
        INDEX.find(text)
    assert [astuple(evidence) for evidence in INDEX.find("lapse toetus")] == before
    assert [astuple(evidence) for evidence in Index(wordings(), lexicon(), fitted()).find("lapse toetus")] == before


# --- features ---------------------------------------------------------------------------------------------------------


def test_terms_of_a_text() -> None:
    """Each term counts as its surest word, words that frame a question less."""
    slots = [Slot("a", {"x": 1.0, "y": 0.5}), Slot("b", {"y": 0.75}), Slot("c", {"x": 1.0, "z": 1.0}, frame=True)]
    assert terms(slots) == {"x": 1.0, "y": 0.75, "z": 0.45}
    assert terms([]) == {}


def test_spelling_of_a_text() -> None:
    """Each word in the one-script key, and each two that follow each other, the ends too; none counts twice."""
    assert spelling("Kus kus?") == dict.fromkeys(("=kus", "= kus", "=kus kus", "=kus "), 1.0)
    assert set(spelling("школа")) == set(spelling("shkola"))
    assert set(spelling("")) == {"= "}


@pytest.mark.parametrize(
    ("text", "keys"),
    [("kas laps läheb kooli", ["laps", "laheb", "koli"]), ("kas ma", ["kas", "ma"]), ("perrearst", ["perearst"]), ("", [])],
)
def test_keys_of_a_text(text: str, keys: list[str]) -> None:
    """Words of grammar are left out where there are others, and a word with a slip is the word that was meant."""
    assert INDEX.keys(text) == keys
