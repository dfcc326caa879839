"""The whole way from a message to a finding, on the real knowledge."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.search.confidence import MAX_OFFERED, Decision, likelihood
from bot.search.finder import MAX_SEARCHED
from tests.worlds import real_world


def words() -> st.SearchStrategy[str]:
    """Draw words of the real wordings, and noise."""
    known = [word for wording in real_world().finder.index.wordings[::40] for word in wording.text.split()]
    return st.sampled_from([*known, "qwx", "ЪЪЪЪ", "aaaa", "112", "\n", "'", "İ", "ß"])


ANYTHING = (
    st.text(max_size=100)
    | st.lists(st.deferred(words), max_size=30).map(" ".join)
    | st.text(alphabet="aeiõöшщь'4x \n", max_size=100)
)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(ANYTHING)
@example("a" * 5000)
@example("kool " * 3000)
@example("\x00\ud800")
@example("'" * 50)
@example("ь" * 50)
def test_any_text_is_found_or_not_and_never_a_fault(text: str) -> None:
    """Any text gives a band that follows from the limits, with topics that exist, each once, and probabilities."""
    finder = real_world().finder
    finding = finder.find(text)
    every = [*finding.shown, *finding.others]
    assert len({candidate.topic for candidate in every}) == len(every)
    assert {candidate.topic for candidate in every} <= set(real_world().topics)
    assert all(0 <= candidate.confidence <= 1 for candidate in every)
    top = max((candidate.confidence for candidate in every), default=-1.0)
    if finding.decision is Decision.ANSWER:
        (best,) = finding.shown
        assert best.confidence == top >= (finder.fit.answer_careful if best.topic in finder.careful else finder.fit.answer)
    elif finding.decision is Decision.CLARIFY:
        assert 1 <= len(finding.shown) <= MAX_OFFERED
        assert finding.shown[0].confidence == top
        assert likelihood(finder.index.find(text[:MAX_SEARCHED]), finder.fit) >= finder.fit.clarify
    else:
        assert not finding.shown
        assert likelihood(finder.index.find(text[:MAX_SEARCHED]), finder.fit) < finder.fit.clarify


def test_only_the_beginning_of_a_long_message_is_read() -> None:
    """What stands after the first part changes nothing."""
    text = ("kus on kool " * 200)[:MAX_SEARCHED]
    assert real_world().finder.find(text + " elamisluba") == real_world().finder.find(text)


@pytest.mark.parametrize("lang", ["et", "ru", "en"])
def test_titles_of_topics_are_answered(lang: str) -> None:
    """Nearly every topic is answered when it is called by its name."""
    titles = {topic.texts[lang].title: id for id, topic in real_world().topics.items()}
    wrong = [
        (title, finding.shown)
        for title, id in titles.items()
        if (finding := real_world().finder.find(title)).decision is not Decision.ANSWER or finding.shown[0].topic != id
    ]
    assert len(wrong) <= len(titles) // 10, wrong
