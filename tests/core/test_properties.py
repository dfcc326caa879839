"""What holds for every conversation, whatever is written, pressed or forged in it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.conversation import handle
from bot.core.effects import Say, Step
from bot.core.events import Chose, Event, Flooded, Left, Opened, Reacted, Said, SentFile, Unreadable, Withdrew
from bot.core.state import Conversation, Stage, from_json, to_json
from bot.core.texts import STALE_OPTION, TOO_LONG
from bot.core.world import World
from bot.render.markup import to_text
from bot.render.speak import speak
from tests.core.small import ACTS, CRISES, NOW, TOPICS, TOWNS, banded, chose, ids, says, sentences, small_world
from tests.worlds import catalogs, real_world

pytestmark = pytest.mark.untraced

CANARY: Final = "kanarbik"
"""A word that every message carries and no state may keep."""
UNFILLED: Final = re.compile(r"\{\{|\}\}|\{\w+\}")
RULES: Final = settings(derandomize=True, deadline=None, max_examples=70)

WORDS: Final = (
    *(name for _, _, _, *names in TOPICS for name in names), *(name for _, _, *names in TOWNS for name in names),
    *(word for words in ACTS.values() for word in words), *CRISES.values(),
    "kuidas saada ID-kaart", "как записать ребёнка в школу", "how do I register my address", "де отримати посвідку",
    "Bonjour, je voudrais savoir où se trouve la mairie", "كيف يمكنني التسجيل", "mees lööb mind", "хочу умереть",
    "räägi inimesega", "1", "2", "9", "112", "/menu", "/person", "/municipality", "/language ru", "!help", "/start narva_school",
    "/foo", "😀", "", "aaaa", "ъъъъ", "x" * 5000, "{{ emergency-number }}", "{operator}", "**[a](javascript:x)**", "\x00\ud800",
)  # fmt: skip
FORGED: Final = (
    "topic:", "topic:gone", "variant:", "variant:school:",
    "variant:school:gone", "menu:", "menu:gone:1", "menu:education:99999", f"menu:education:{'9' * 5000}", "not:", "lang:xx",
    "town:gone", "county:", "here:", "here:school", "help", "none", "language", "town", "0", "²", "\ud800", "{menu}", "x" * 5000,
)  # fmt: skip
SPEECH: Final = st.sampled_from(WORDS) | st.text(max_size=40) | st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
OPTIONS: Final = st.sampled_from(FORGED) | st.text(max_size=20)
PAYLOADS: Final = st.sampled_from(("", "narva_school", "kohtla-jarve_register-residence", "_", "../..", "9" * 5000)) | st.text(
    max_size=20
)
HINTS: Final = st.sampled_from(("", "et", "ru", "en", "uk", "de", "EN-gb", "\ud800"))
EMOJI: Final = st.sampled_from(("👍", "1\ufe0f\u20e3", "9\u20e3", "²\u20e3", "\u20e3", "")) | st.text(max_size=3)


@dataclass(frozen=True, slots=True)
class Press:
    """Press one of all the buttons shown so far, counted round."""

    number: int


Move: TypeAlias = Event | Press
MOVES: Final = st.lists(
    st.one_of(
        st.builds(Said, at=st.just(NOW), text=SPEECH, hint=HINTS, edited=st.booleans()),
        st.builds(Press, st.integers(0, 99)),
        st.builds(Chose, at=st.just(NOW), option=OPTIONS),
        st.builds(Opened, at=st.just(NOW), payload=PAYLOADS, hint=HINTS),
        st.builds(Reacted, at=st.just(NOW), emoji=EMOJI),
        st.builds(SentFile, at=st.just(NOW), kind=st.text(max_size=5)),
        st.builds(Unreadable, at=st.just(NOW), hint=HINTS),
        st.builds(Flooded, at=st.just(NOW), hint=HINTS),
        st.sampled_from((Withdrew(at=NOW), Left(at=NOW))),
    ),
    max_size=10,
)
WORLDS: Final = (
    small_world,
    *((lambda band=band: banded(band)) for band in ("answer", "clarify", "abstain")),
    lambda: replace(small_world(), home="narva"),
    real_world,
)
every_world = pytest.mark.parametrize("make", WORLDS, ids=("small", "answer", "clarify", "abstain", "home", "real"))


@dataclass(slots=True)
class Talk:
    """One conversation as it happens: its state and the options shown so far."""

    world: World
    state: Conversation = field(default_factory=Conversation)
    shown: list[str] = field(default_factory=list)

    def step(self, move: Move) -> Step:
        """Let one thing happen."""
        event = chose(self.shown[move.number % len(self.shown)] if self.shown else "menu") if isinstance(move, Press) else move
        step = handle(event, self.state, self.world)
        self.state = step.state
        self.shown += [option for say in says(step) for option in ids(say.choices)]
        return step


@pytest.fixture(scope="module")
def heard() -> set[str]:
    """Remember which messages were already read aloud, because many are the same."""
    return set()


@every_world
@RULES
@given(moves=MOVES)
def test_whatever_happens_what_is_said_can_be_read(make: Callable[[], World], moves: list[Move], heard: set[str]) -> None:
    """No event raises, and each message is in a language of ours, has something to say, and reads well in every language."""
    talk = Talk(make())
    for move in moves:
        for say in says(talk.step(move)):
            assert say.lang in talk.world.languages
            assert len(say.marks) >= 1
            for lang in talk.world.languages:
                read_aloud(replace(say, lang=lang), talk.world, heard)


@every_world
@RULES
@given(moves=MOVES)
def test_every_option_shown_leads_somewhere(make: Callable[[], World], moves: list[Move]) -> None:
    """Each button, at once and by its number, does what it says; none is answered as an old one."""
    talk = Talk(make())
    for move in moves:
        step = talk.step(move)
        for say in says(step):
            for option in ids(say.choices):
                after = handle(chose(option), step.state, talk.world)
                assert says(after)
                assert STALE_OPTION not in sentences(says(after)[0])
        for place, option in enumerate(step.state.options, 1):
            assert handle(chose(place), step.state, talk.world) == handle(chose(option), step.state, talk.world)


@every_world
@RULES
@given(moves=MOVES)
def test_the_words_of_an_option_do_what_its_number_does(make: Callable[[], World], moves: list[Move]) -> None:
    """Wherever a conversation stands, what is shown on an option can be typed, unless it stands on another one too."""
    talk = Talk(make())
    for move in moves:
        shown = says(talk.step(move))
        if shown and not isinstance(move, Unreadable | Flooded):
            (message,) = speak(shown[-1:], talk.world, catalogs(), NOW)
            talk.state = replace(talk.state, labels=tuple(option.label for option in message.options))
    words = [re.sub(r"\W+", " ", label.lower()).strip() for label in talk.state.labels]
    for number, label in enumerate(talk.state.labels, 1):
        if words.count(words[number - 1]) == 1:
            typed, counted = (handle(Said(at=NOW, text=text), talk.state, talk.world) for text in (label, str(number)))
            assert typed == counted


@every_world
@RULES
@given(moves=MOVES)
def test_what_is_remembered_is_small_and_survives(make: Callable[[], World], moves: list[Move]) -> None:
    """State comes back from JSON as it was, waits for a municipality only while it asks for one, and stays small."""
    talk = Talk(make())
    for move in moves:
        state = talk.step(move).state
        stored = json.dumps(to_json(state))
        assert kept(json.loads(stored), state) == state
        assert len(stored) < 2000
        assert state.stage == Stage.TOWN or state.pending == ""
        assert {state.lang, state.hint} <= {"", *talk.world.languages}


@every_world
@RULES
@given(moves=MOVES)
def test_the_same_events_give_the_same_conversation(make: Callable[[], World], moves: list[Move]) -> None:
    """Nothing but event, state and World decides, so that an event handled again after a crash gives the same."""
    first, again = Talk(make()), Talk(make())
    for move in moves:
        assert first.step(move) == again.step(move)
        again.state = kept(json.loads(json.dumps(to_json(again.state))), again.state)


@every_world
@RULES
@given(texts=st.lists(SPEECH | st.sampled_from(WORDS).map(lambda word: f"/{word}"), max_size=5), where=st.integers(0, 2))
def test_no_text_is_remembered(make: Callable[[], World], texts: list[str], where: int) -> None:
    """Whatever a person writes, forges or sends, no word of it stays in the state."""
    talk = Talk(make())
    for text in texts:
        marked = (f"{CANARY} {text}", f"{text} {CANARY}", f"{text}{CANARY}{text}")[where]
        for event in (
            Said(at=NOW, text=marked, hint=CANARY),
            Chose(at=NOW, option=marked),
            Opened(at=NOW, payload=marked, hint=CANARY),
            Reacted(at=NOW, emoji=marked),
            SentFile(at=NOW, kind=marked),
        ):
            talk.step(event)
            assert CANARY not in json.dumps(to_json(talk.state), ensure_ascii=False).lower()


@every_world
@RULES
@given(moves=MOVES, seconds=st.lists(st.integers(0, 40), max_size=60))
def test_every_message_is_answered(make: Callable[[], World], moves: list[Move], seconds: list[int]) -> None:
    """A person whose message is read is never left without an answer, whatever happened before."""
    talk = Talk(make())
    for move in moves:
        talk.step(move)
    at: datetime = NOW + timedelta(minutes=1)
    for second in seconds:
        at += timedelta(seconds=second)
        (answer,) = says(talk.step(Said(at=at, text="tere")))
        assert TOO_LONG not in sentences(answer)


def kept(row: Mapping[str, object], state: Conversation) -> Conversation:
    """Read a conversation back, with its question, which is kept apart."""
    return replace(from_json(row), question=state.question, asked_at=state.asked_at)


def read_aloud(say: Say, world: World, heard: set[str]) -> None:
    """Put a message into words and look whether they are complete."""
    name = f"{id(world)} {say}"
    if name in heard:
        return
    heard.add(name)
    (message,) = speak([say], world, catalogs(), NOW)
    text = "\n".join(to_text(part.markdown) for part in message.parts)
    assert all(to_text(part.markdown).strip() for part in message.parts)
    assert not UNFILLED.search(text), text
    assert all(option.label.strip() and not UNFILLED.search(option.label) for option in message.options)
    assert [option.id for option in message.options] == list(ids(say.choices))
