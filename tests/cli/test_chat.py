"""`teejuht chat`: a conversation over a pipe, as scripts and editors hold it."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.events import Said
from bot.engine import Engine
from bot.store import SqlStore
from tests.cli.conftest import Done, Teejuht
from tests.engine.kit import arrival
from tests.engine.small import small_world
from tests.worlds import catalogs


def lines(*rows: object) -> bytes:
    """Write rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def messages(done: Done) -> list[dict[str, object]]:
    """Give the messages of a chat that went well."""
    assert (done.code, done.err) == (0, "")
    return [json.loads(line) for line in done.out.splitlines()]


def options(row: dict[str, object]) -> list[str]:
    """Give the ids of a message's options."""
    listed = row["options"]
    assert isinstance(listed, list)
    assert all(list(option) == ["id", "label"] for option in listed)
    return [option["id"] for option in listed]


def test_the_greeting_comes_before_any_input(teejuht: Teejuht) -> None:
    """With no input at all there is the greeting, whole, and nothing else."""
    [greeting] = messages(teejuht("chat", "--json"))
    assert list(greeting) == ["text", "lang", "topic", "options", "end"]
    assert (greeting["lang"], greeting["topic"], greeting["end"]) == ("et", None, True)
    assert options(greeting) == ["menu", "topic:municipal-contact", "lang:ru", "lang:en"]
    assert "Teejuht" in str(greeting["text"])


def test_a_turn_is_its_messages_the_last_one_ends_it(teejuht: Teejuht) -> None:
    """Each line in is a turn; of several messages only the last has `end`."""
    rows = messages(teejuht("chat", "--json", stdin=lines({"text": "where is library"}, {"text": "/start waste"})))
    assert [row["end"] for row in rows] == [True, True, False, True]
    assert [row["topic"] for row in rows] == [None, "library", None, "waste"]
    assert [row["lang"] for row in rows] == ["et", "en", "en", "en"]


def test_options_are_chosen_by_id_and_by_number(teejuht: Teejuht) -> None:
    """An id works at any time; a number means the message shown last."""
    talk = lines({"choice": "menu:life"}, {"choice": 2}, {"choice": "lang:ru"}, {"text": "1"}, {"choice": "topic:atlantis"})
    _, shelf, second, russian, again, stale = messages(teejuht("chat", "--json", stdin=talk))
    assert options(shelf)[1] == f"topic:{second['topic']}"
    assert (russian["lang"], options(russian)[0]) == ("ru", f"topic:{second['topic']}")
    assert (again["topic"], again["lang"]) == (second["topic"], "ru")
    assert stale["topic"] is None


def test_the_language_is_given(teejuht: Teejuht) -> None:
    """The greeting comes in the chosen language, alone, and the choice holds."""
    rows = messages(teejuht("chat", "--json", "--lang", "ru", stdin=lines({"text": "xqz wvk"})))
    assert [row["lang"] for row in rows] == ["ru", "ru"]
    assert "lang:ru" not in options(rows[0])


def test_an_unknown_language_is_wrong_use(teejuht: Teejuht) -> None:
    """Only the languages that there are can be chosen."""
    done = teejuht("chat", "--lang", "de")
    assert (done.code, done.out, done.err) == (2, "", "teejuht: --lang must be one of et, ru, en\n")


@pytest.mark.parametrize("line", [b"nonsense\n", b'{"text": 5}\n', b"[]\n", b'{"choice": true}\n', b"\xff\n"])
def test_a_bad_line_ends_it(teejuht: Teejuht, line: bytes) -> None:
    """What stands before is answered, then the line is named; exit code 2."""
    done = teejuht("chat", "--json", stdin=lines({"text": "where is library"}) + b"\n" + line + lines({"text": "later"}))
    assert done.code == 2
    assert [json.loads(row)["topic"] for row in done.out.splitlines()] == [None, "library"]
    assert done.err.startswith("teejuht: line 3 ")
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize("text", [b"\xff\xfe where is library", b"\\u0000 \\ud83d where is library", b"\\u202e where is library"])
def test_strange_characters_do_no_harm(teejuht: Teejuht, text: bytes) -> None:
    """A byte that is no UTF-8, NUL and half a pair spoil nothing but themselves."""
    rows = messages(teejuht("chat", "--json", stdin=b'{"text": "' + text + b'"}\n'))
    assert [row["topic"] for row in rows] == [None, "library"]


def test_letters_pass_whatever_the_locale_says(teejuht: Teejuht) -> None:
    """Input and output are UTF-8."""
    _, answer = messages(teejuht("chat", "--json", stdin=lines({"text": "где мусор"})))
    assert (answer["topic"], answer["lang"]) == ("waste", "ru")


def test_plain_mode_prints_text_with_numbers(teejuht: Teejuht) -> None:
    """Without --json a person types texts and numbers and reads text."""
    done = teejuht("chat", "--lang", "en", stdin=b"where is library\n2\n")
    assert (done.code, done.err) == (0, "")
    assert "  1 " in done.out
    assert "Library – 112" in done.out
    assert catalogs().text("en", "not_meant") in " ".join(done.out.split())


def test_nothing_is_left_behind(teejuht: Teejuht, room: Path) -> None:
    """Without a state file a chat is in memory only."""
    teejuht("chat", "--json", stdin=lines({"text": "where is library"}))
    assert list(room.iterdir()) == []


# --- kept in a file


def test_a_state_file_keeps_the_conversation(teejuht: Teejuht, room: Path) -> None:
    """The next call goes on where the last one ended: language and topic are known."""
    first = messages(teejuht("chat", "--json", "--state", "talk.db", stdin=lines({"choice": "lang:ru"}, {"text": "где мусор"})))
    again = messages(teejuht("chat", "--json", "--state", "talk.db", stdin=lines({"choice": "lang:en"})))
    assert [row["lang"] for row in first] == ["et", "ru", "ru"]
    assert [row["lang"] for row in again] == ["ru", "en"]
    assert options(again[1])[0] == "topic:waste"
    assert sorted({file.name.removesuffix("-wal").removesuffix("-shm") for file in room.iterdir()}) == ["talk.db"]


def test_what_a_killed_chat_owed_is_said_first(teejuht: Teejuht, room: Path) -> None:
    """A message that was on its way when a chat was killed comes at once in the next one, and holds nothing up."""
    teejuht("chat", "--json", "--state", "talk.db")
    asyncio.run(owe(room / "talk.db"))
    rows = messages(teejuht("chat", "--json", "--state", "talk.db"))
    assert [row["topic"] for row in rows] == ["library", None]


async def owe(file: Path) -> None:
    """Do what a chat has done when it is killed just before it prints."""
    now = datetime.now(UTC)
    store = await SqlStore.open(f"sqlite:///{file}")
    engine = Engine(store=store, world=small_world, catalogs=catalogs())
    await engine.ingest([arrival("1", Said(at=now, text="where is library"), "terminal", channel="terminal")])
    await engine.drain()
    assert len(await store.settle("terminal", (), 1, datetime.now(UTC))) == 1
    await store.close()


@pytest.mark.parametrize("name", ["notes.txt", ".", "notes.txt/x.db"])
def test_a_file_that_is_no_state_is_named(teejuht: Teejuht, room: Path, name: str) -> None:
    """Another file is left alone and named; exit code 1."""
    (room / "notes.txt").write_text("my notes, which are long enough to be taken for something else\n" * 10)
    before = (room / "notes.txt").read_bytes()
    done = teejuht("chat", "--json", "--state", name)
    assert (done.code, done.out) == (1, "")
    assert name.split("/")[0] in done.err
    assert len(done.err.splitlines()) == 1
    assert (room / "notes.txt").read_bytes() == before
