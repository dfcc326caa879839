"""What options do that no other test here follows: digests, /stop, words to a photo, the rest of a choice, what gives way."""

from dataclasses import replace

import pytest

from bot.core.events import SentFile
from bot.core.options import short
from bot.core.state import Conversation, Stage
from bot.core.texts import ABSTAIN, NOT_MEANT, NOTHING_TO_STOP, ONLY_CAPTION, ONLY_TEXT, STALE_OPTION
from bot.search.confidence import Decision
from tests.core.small import NOW, banded, chose, ids, say, sentences, told

ENGLISH = Conversation(lang="en", stage=Stage.TALK, town="narva")
LONG = f"about:school:{'citizenship=eu,' * 6}insured=true"


def test_a_digest_stands_for_an_option_of_the_last_message() -> None:
    """An option that is too long for a button is known again by its digest, and only while it is on offer."""
    assert short(LONG).startswith("~")
    offered = replace(ENGLISH, options=("menu", LONG))
    assert told(chose(short(LONG)), offered) == told(chose(LONG), offered)
    assert sentences(say(told(chose(short(LONG)), ENGLISH))) == (STALE_OPTION,)


def test_there_is_nothing_to_stop() -> None:
    """Outside the questions /stop says so; in the middle of them it ends them (`test_interview`)."""
    assert sentences(say(told("/stop", ENGLISH))) == (NOTHING_TO_STOP,)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_photo_without_words(text: str) -> None:
    """Only text is read, and that is said."""
    assert sentences(say(told(SentFile(at=NOW, kind="photo", text=text), ENGLISH))) == (ONLY_TEXT,)


def test_a_photo_with_words() -> None:
    """What is written to it is answered, below a word about the photo."""
    step = told(SentFile(at=NOW, kind="photo", text="school"), ENGLISH, banded(Decision.ANSWER))
    assert sentences(say(step))[0] == ONLY_CAPTION
    assert say(step).topic == "school"
    unknown = told(SentFile(at=NOW, kind="photo", text="weather"), ENGLISH, banded(Decision.ABSTAIN))
    assert sentences(say(unknown)) == (ONLY_CAPTION, ABSTAIN)


def test_words_to_a_photo_answer_the_question_that_is_open() -> None:
    """In the middle of the questions they are read as any message is."""
    asked = replace(ENGLISH, stage=Stage.INTERVIEW, fact="citizenship")
    said = told("latvia", asked)
    photo = told(SentFile(at=NOW, kind="photo", text="latvia"), asked)
    assert photo.state.facts == said.state.facts == ("citizenship=eu",)


def test_not_meant_after_a_choice_offers_the_rest_of_it() -> None:
    """Who chose between topics and chose wrongly gets the others again."""
    offered = told("school kindergarten library", ENGLISH, banded(Decision.CLARIFY))
    options = [id for id in ids(say(offered).choices) if id.startswith("topic:")]
    assert len(options) > 1
    chosen = told(chose(options[0]), offered.state)
    wrong = told(chose(f"not:{options[0].removeprefix('topic:')}"), chosen.state)
    assert sentences(say(wrong)) == (NOT_MEANT,)
    assert list(ids(say(wrong).choices)) == [*options[1:4], "none"]


def test_what_only_leads_on_gives_way() -> None:
    """Menus, choices and questions of ours may be replaced by what follows; answers and what was not understood stay."""
    for option in ("menu", "menu:education", "language", "town"):
        assert say(told(chose(option), ENGLISH)).passing, option
    assert say(told("school library", ENGLISH, banded(Decision.CLARIFY))).passing
    assert not say(told(chose("topic:school"), ENGLISH)).passing
    assert not say(told("school", ENGLISH, banded(Decision.ABSTAIN))).passing
    assert not say(told("/start", ENGLISH)).passing
