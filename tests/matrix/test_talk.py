"""Whole conversations with the real knowledge, in an encrypted room, with somebody whose client refuses what is not signed."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.core.texts import GREETING, GROUP_WHICH_MONTH, PRIVATE_ONLY
from bot.platforms.matrix.words import NAME, TOPIC
from bot.render.markup import to_text
from tests.matrix.stage import becomes
from tests.matrix.talk import PICKED, QUESTION, SCRIPTS, Hall, Picks, Talk, Turn, hall, options_of
from tests.peers.matrix_seen import Seen
from tests.peers.synapse import Synapse
from tests.worlds import catalogs, real_world

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(synapse: Synapse, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hall]:
    """A bot that serves and a strict person."""
    async with hall(synapse, tmp_path_factory.mktemp("talk")) as found:
        yield found


def sentence(lang: str, id: str) -> str:
    """Give the longest piece of a sentence that always stands in it."""
    pieces = re.split(r"\{\w+\}|\n", to_text(catalogs().text(lang, id)))
    return max(pieces, key=len).strip()


def expected(answer: str, turn: Turn, talk: Talk) -> list[str]:
    """Give what a message of the answer may say."""
    world = real_world()
    if answer == QUESTION:
        return [*(words.question for words in world.inquiry.words[turn.lang].values()), sentence(turn.lang, GROUP_WHICH_MONTH)]
    if answer == PICKED:
        assert isinstance(turn.doing, Picks)
        assert talk.before is not None
        answer = options_of(talk.before)[turn.doing.number - 1]
    kind, _, id = answer.partition(":")
    return [world.topics[id].texts[turn.lang].title if kind == "topic" else sentence(turn.lang, answer)]


def says(message: Seen, words: list[str]) -> bool:
    """Whether a message says one of these."""
    return any(one.replace(" /", " !") in message.body for one in words)


@pytest.mark.parametrize("lang", SCRIPTS)
async def test_a_conversation(here: Hall, lang: str) -> None:
    """Every turn gets its answer, in its language, and every message is readable and trusted."""
    talk = await here.talk()
    count = 1
    assert says(talk.said()[0], [sentence("et", GREETING)])
    for turn in SCRIPTS[lang]:
        messages = await talk.does(turn)
        count += len(turn.answers)
        for message, answer in zip(messages, turn.answers, strict=True):
            words = expected(answer, turn, talk)
            assert says(message, words), f"{turn}: {message.body}\n is none of {words}"
    print("\n".join(talk.lines))  # noqa: T201 - for reading, with `-s`
    assert [message.why for message in talk.said() if not (message.trusted and message.encrypted)] == []
    assert len(talk.said()) == count


async def test_the_chat_has_its_name(here: Hall) -> None:
    """Name and topic are the catalogs', in the language of the answers."""
    talk = await here.talk()
    await talk.does(SCRIPTS["en"][0])
    name = catalogs().text("en", NAME)
    await here.ann.until(talk.room, lambda _: here.ann.members(talk.room)[here.bot].displayname == name, "the name")
    start = sentence("en", TOPIC)
    await here.ann.until(talk.room, lambda _: here.ann.topic(talk.room).startswith(start), "the topic")


async def test_where_others_read_along(here: Hall) -> None:
    """A topic is answered in the thread of the question, with the way to a private chat; about a person nothing is asked."""
    room = await here.ann.open_room([here.bot, here.server.register().user], encrypted=True)
    await becomes(here.ann, room, here.bot, "join")
    talk = Talk(here.server, here.ann, room, here.bot)
    root = await here.ann.say(room, "where do I register my address?", mentions=[here.bot])
    [topic] = await talk.answers()
    await here.ann.say(room, "!group", thread=root)
    [group] = await talk.answers()
    await here.ann.react(room, topic.id, "1\ufe0f\u20e3")
    [chosen] = await talk.answers()
    print("\n".join(talk.lines))  # noqa: T201 - for reading, with `-s`
    assert says(topic, [real_world().topics["register-residence"].texts["en"].title])
    assert says(group, [sentence("en", PRIVATE_ONLY)])
    assert options_of(chosen) != options_of(topic)
    link = f"https://matrix.to/#/{here.bot}"
    for message in talk.said():
        assert message.trusted
        assert (message.thread, message.content["m.mentions"]) == (root, {})
        assert link in message.body
        assert f'href="{link}' in message.html
    assert [member for member in here.ann.members(room).values() if member.displayname == catalogs().text("en", NAME)] == []
