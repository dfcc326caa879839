"""One event through the engine: order, what is remembered, what is counted, what goes, and what happens when one is poison."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.events import Chose, Left, Opened, Reacted, Said, Unreadable, Withdrew, to_json
from bot.core.texts import APOLOGY, UNREADABLE
from bot.ports import DeadLetter
from bot.store import SqlStore
from tests.engine.kit import NOW, Clock, Recorder, arrival, engine, poison, rows, said
from tests.engine.small import small_world
from tests.worlds import catalogs

WORDS = "Zanzibari õunapuu raamatukogu"


def texts(town: Recorder, lane: str) -> list[str]:
    """Give the first part of every message in a lane."""
    return [message.parts[0].markdown for where, message in town.shown if where == lane]


def apology(lang: str) -> str:
    """Give the sentence that says that something went wrong on our side."""
    return catalogs().text(lang, APOLOGY)


async def test_each_conversation_is_answered_in_order(store: SqlStore, town: Recorder) -> None:
    """Messages of several people are answered each in its own conversation, in the order they came."""
    bot = engine(store, town)
    await bot.ingest(
        [
            said("1", "where is library", "ann"),
            said("2", "kus on prügivedu", "bob"),
            said("3", "where is waste", "ann"),
            said("4", "где детсад", "eve"),
            said("5", "kus on lasteaed", "bob"),
            said("6", "where is library", "ann"),
        ]
    )
    await bot.drain()
    assert town.topics("ann") == ["library", "waste", "library"]
    assert town.topics("bob") == ["waste", "kindergarten"]
    assert town.topics("eve") == ["kindergarten"]
    assert {lane: message.lang for lane, message in town.shown} == {"ann": "en", "bob": "et", "eve": "ru"}


async def test_several_messages_of_one_turn_keep_their_order(store: SqlStore, town: Recorder) -> None:
    """A greeting and the linked topic go out one after the other, and only the last ends the turn."""
    bot = engine(store, town)
    await bot.ingest([arrival("1", Opened(at=NOW, payload="library", hint="en"))])
    await bot.drain()
    assert town.topics("ann") == [None, "library"]
    assert [message.end for _, message in town.shown] == [False, True]
    assert town.keys("ann") == ["bot:1:0", "bot:1:1"]


async def test_what_arrives_twice_is_answered_once(store: SqlStore, town: Recorder) -> None:
    """The same source and id again changes nothing, in the same batch, later, or after the answer."""
    bot = engine(store, town)
    await bot.ingest([said("1", "where is library"), said("1", "where is library")])
    await bot.ingest([said("1", "where is library")])
    await bot.drain()
    await bot.ingest([said("1", "where is waste")])
    await bot.drain()
    assert town.topics("ann") == ["library"]


async def test_the_cursor_is_kept_with_the_arrivals(store: SqlStore) -> None:
    """A cursor is the source's that it names, and moves on where nothing arrived."""
    bot = engine(store)
    await bot.ingest([said("1", "tere")], cursor=("bot", "next-2"))
    assert await store.cursor("bot") == "next-2"
    await bot.ingest([], cursor=("bot", "next-3"))
    assert await store.cursor("bot") == "next-3"


async def test_the_conversation_is_remembered(store: SqlStore, file: Path, town: Recorder, clock: Clock) -> None:
    """What a person chose holds in the next event, also for another engine on the same file."""
    bot = engine(store, town)
    await bot.ingest([arrival("1", Chose(at=NOW, option="lang:ru"))])
    await bot.drain()
    await store.close()
    again = await SqlStore.open(f"sqlite:///{file}")
    later = Recorder(clock=clock)
    bot = engine(again, later)
    await bot.ingest([arrival("2", Opened(at=NOW, hint="en"))])
    await bot.drain()
    await again.close()
    assert [message.lang for _, message in later.shown] == ["ru"]


async def test_the_words_on_an_option_choose_it(store: SqlStore, file: Path, town: Recorder) -> None:
    """What the catalogs put on an option can be typed, in any case; what an older message had is typed in vain."""
    bot = engine(store, town)
    await bot.ingest([arrival("1", Chose(at=NOW, option="lang:en"))])
    await bot.drain()
    [(_, first)] = town.shown
    assert [row for row in rows(file) if all(option.label in row for option in first.options)]
    await bot.ingest([said("2", f"{first.options[0].label.upper()}!")])
    await bot.drain()
    menu = town.shown[-1][1]
    await bot.ingest([said("3", menu.options[0].label)])
    await bot.drain()
    shelf = town.shown[-1][1]
    assert [option.id for option in menu.options][:1] == ["menu:life"]
    assert "topic:waste" in [option.id for option in shelf.options]
    await bot.ingest([said("4", menu.options[0].label)])
    await bot.drain()
    assert town.shown[-1][1].options != shelf.options


async def test_what_could_not_be_decrypted_leaves_the_options(store: SqlStore, town: Recorder) -> None:
    """It is said in every language while none is known, and what was shown before can still be typed."""
    bot = engine(store, town)
    await bot.ingest([arrival("1", Unreadable(at=NOW, message="m"))])
    await bot.drain()
    [(_, message)] = town.shown
    assert [part.markdown for part in message.parts] == [catalogs().text(lang, UNREADABLE) for lang in ("et", "ru", "en")]
    assert (message.options, message.answers) == ((), "m")
    await bot.ingest([arrival("2", Chose(at=NOW, option="menu")), arrival("3", Unreadable(at=NOW))])
    await bot.drain()
    label = next(option.label for _, message in town.shown for option in message.options if option.id == "menu:life")
    await bot.ingest([said("4", label)])
    await bot.drain()
    assert "topic:waste" in [option.id for option in town.shown[-1][1].options]
    assert (await store.status(NOW)).tallies["unreadable"] == 2


async def test_the_apology_can_be_answered(store: SqlStore, town: Recorder) -> None:
    """Its options have numbers and words like those of any message."""
    bot = engine(store, town)
    await bot.ingest([arrival("1", Chose(at=NOW, option="menu:life")), poison("2"), said("3", "1")])
    await bot.drain()
    assert [option.id for option in town.shown[-1][1].options][:1] == ["menu:life"]


async def test_messages_of_a_turn_belong_to_its_thread(store: SqlStore, town: Recorder) -> None:
    """All of them, and the first says what it answers; without a thread there is none."""
    bot = engine(store, town)
    opened = Opened(at=NOW, payload="library", hint="en", message="m1", thread="t")
    await bot.ingest([arrival("1", opened), arrival("2", Said(at=NOW, text="where is waste", message="m2"))])
    await bot.ingest([arrival("3", Reacted(at=NOW, emoji="1\ufe0f\u20e3", message="m3", thread="t"))])
    await bot.drain()
    assert [(message.thread, message.answers) for _, message in town.shown] == [("t", "m1"), ("t", ""), ("", "m2"), ("t", "m3")]


async def test_a_withdrawn_message_is_not_answered_and_nowhere(store: SqlStore, file: Path, town: Recorder) -> None:
    """Deleted before it was read, it leaves no word in any row, and the messages around it are answered."""
    bot = engine(store, town)
    secret = replace(said("2", ""), body=to_json(Said(at=NOW, text=WORDS, message="m")))
    await bot.ingest([said("1", "where is library"), secret, said("3", "where is waste")])
    await bot.ingest([replace(arrival("4", Withdrew(at=NOW, message="m")), withdraws="m")])
    assert [row for row in rows(file) if "Zanzibari" in row] == []
    await bot.drain()
    assert town.topics("ann") == ["library", "waste"]
    assert await store.dead() == []


async def test_a_new_world_serves_the_next_event(store: SqlStore, town: Recorder) -> None:
    """The knowledge is asked for anew with each event, so that a reload holds from the next one on."""
    renamed = replace(small_world().topics["library"], related=("waste",))
    worlds = [small_world(), replace(small_world(), topics={**small_world().topics, "library": renamed})]
    bot = engine(store, town, world=lambda: worlds[0])
    await bot.ingest([said("1", "where is library")])
    await bot.drain()
    worlds.pop(0)
    await bot.ingest([said("2", "where is library")])
    await bot.drain()
    assert [[option.id for option in message.options] for _, message in town.shown] == [
        ["here:library", "not:library", "menu"],
        ["here:library", "topic:waste", "not:library", "menu"],
    ]


# --- poison


@pytest.mark.parametrize(
    ("known", "hint", "lang"),
    [("ru", "", "ru"), ("en", "ru", "en"), ("", "en-GB", "en"), ("", "uk", "ru"), ("", "", "et"), ("", "fi", "et")],
)
async def test_the_apology_is_in_the_persons_language(store: SqlStore, town: Recorder, known: str, hint: str, lang: str) -> None:
    """The conversation's language counts, then the platform's hint, then the first of ours."""
    bot = engine(store, town)
    if known:
        await bot.ingest([arrival("0", Chose(at=NOW, option=f"lang:{known}"))])
        await bot.drain()
        town.shown.clear()
    await bot.ingest([poison("1", hint=hint)])
    await bot.drain()
    [(_, sorry)] = town.shown
    assert (sorry.lang, sorry.parts[0].markdown) == (lang, apology(lang))
    assert [option.id for option in sorry.options] == ["menu", "topic:municipal-contact"]


async def test_the_apology_comes_at_the_third_time(store: SqlStore) -> None:
    """Twice the arrival is tried again without a word; the third time it is given up."""
    bot = engine(store)
    await bot.ingest([poison("1")])
    assert [await store.step(bot.compute, bot.apologise, NOW) for _ in range(4)] == [0, 0, 1, 0]
    [letter] = await store.dead()
    assert letter == DeadLetter(queue="inbox", id=letter.id, channel="town", error="ValueError", at=NOW)


async def test_others_go_on_beside_poison(store: SqlStore, town: Recorder) -> None:
    """Poison holds up its own conversation until the apology, in order, and nobody else's at all."""
    bot = engine(store, town)
    await bot.ingest(
        [
            said("1", "where is library", "ann"),
            poison("2", "ann"),
            said("3", "where is waste", "ann"),
            said("4", "where is waste", "bob"),
        ]
    )
    await store.step(bot.compute, bot.apologise, NOW)
    await bot.drain()
    assert town.topics("bob") == ["waste"]
    assert town.topics("ann") == ["library", None, "waste"]
    assert texts(town, "ann")[1] == apology("en")


async def test_many_poisoned_conversations_all_get_their_word(store: SqlStore, town: Recorder) -> None:
    """However many conversations are poisoned at once, draining leaves none of them waiting."""
    bot = engine(store, town)
    await bot.ingest([poison(str(n), f"person-{n}") for n in range(45)])
    await bot.drain()
    assert {lane: message.parts[0].markdown for lane, message in town.shown} == {f"person-{n}": apology("et") for n in range(45)}
    assert (await store.status(NOW)).waiting == 0


async def test_a_poisoned_arrival_can_be_answered_later(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """After a repair, an operator's retry brings the answer, although the apology was said before."""
    broken = engine(store, town, world=lambda: replace(small_world(), topics={}))
    await broken.ingest([said("1", "where is library")])
    await broken.drain()
    [letter] = await store.dead()
    assert await store.retry("inbox", letter.id)
    await engine(store, town, clock=clock).drain()
    assert texts(town, "ann")[0] == apology("et")
    assert town.topics("ann") == [None, "library"]
    assert len(set(town.keys("ann"))) == 2


# --- what is counted and what goes


async def test_tallies_hold_no_text(store: SqlStore, town: Recorder) -> None:
    """What was asked is counted by band, topic and language; no word of it is among the counts."""
    bot = engine(store, town)
    await bot.ingest(
        [
            said("1", "where is library", "ann"),
            said("2", "kus on raamatukogu", "bob"),
            said("3", "xqz wvk", "cat"),
            said("4", "zzzsuicide", "dan"),
            arrival("5", Chose(at=NOW, option="topic:waste"), "bob"),
            poison("6", "eve"),
        ]
    )
    await bot.drain()
    assert (await store.status(NOW)).tallies == {
        "answer:library:en": 1,
        "answer:library:et": 1,
        "answer:mental-health:et": 1,
        "danger::et": 1,
        "abstain::et": 1,
        "chosen:waste:et": 1,
        "apology::et": 1,
    }


async def test_the_question_is_nowhere_after_the_answer(store: SqlStore, file: Path, town: Recorder) -> None:
    """While it waits a question stands in the file; once answered and sent, no row of any table holds a word of it."""
    bot = engine(store, town)
    await bot.ingest([said("1", WORDS)])
    assert [row for row in rows(file) if WORDS in row]
    await bot.drain()
    assert town.topics("ann") == ["library"]
    for word in (WORDS, *WORDS.split()):
        assert [row for row in rows(file) if word.lower() in row.lower()] == []


async def test_the_answer_is_nowhere_after_it_was_sent(store: SqlStore, file: Path, town: Recorder) -> None:
    """An answer stands in the file until it is sent, and no longer."""
    bot = engine(store)
    await bot.ingest([said("1", "where is library")])
    await bot.drain()
    assert [row for row in rows(file) if "Library" in row]
    await engine(store, town).drain()
    assert town.topics("ann") == ["library"]
    assert [row for row in rows(file) if "Library" in row] == []


async def test_a_person_who_left_is_forgotten(store: SqlStore, file: Path, town: Recorder) -> None:
    """Leaving deletes what is remembered and what waits to be sent; coming back begins anew."""
    bot = engine(store, town)
    await bot.ingest([arrival("1", Chose(at=NOW, option="lang:ru"))])
    await bot.drain()
    await bot.ingest([said("2", "где мусор"), arrival("3", Left(at=NOW))])
    await bot.drain()
    assert [row for row in rows(file) if row.startswith("conversation ")] == []
    await bot.ingest([arrival("4", Opened(at=NOW))])
    await bot.drain()
    assert [message.lang for _, message in town.shown] == ["ru", "et"]


async def test_the_watcher_sees_every_step(store: SqlStore) -> None:
    """`watch` is told of each event that was handled, or given up with an apology, with what it led to."""
    seen: list[tuple[str, int]] = []
    bot = engine(store, watch=lambda turn, step: seen.append((turn.ext_id, len(step.effects))))
    await bot.ingest([said("1", "where is library"), poison("2", "bob"), arrival("3", Left(at=NOW), "eve")])
    await bot.drain()
    assert seen == [("1", 2), ("3", 1), ("2", 2)]


async def test_the_date_shown_is_the_clocks(store: SqlStore, town: Recorder, clock: Clock) -> None:
    """Past its review day an answer says so, by the engine's clock and not by the machine's."""
    bot = engine(store, town, clock=clock)
    await bot.ingest([said("1", "where is library")])
    await bot.drain()
    clock.now = NOW + timedelta(days=365 * 5)
    await bot.ingest([arrival("2", Said(at=clock.now, text="where is library"))])
    await bot.drain()
    before, after = (message for _, message in town.shown)
    assert len(after.parts) == len(before.parts) + 1
