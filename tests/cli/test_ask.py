"""`teejuht ask`: one question or a file of them, for people and for scripts."""

import json
from pathlib import Path
from typing import cast

import pytest

from bot.engine import Engine
from bot.ports import Outcome, Turn
from tests.cli.conftest import Done, Teejuht


def answers(done: Done) -> list[dict[str, object]]:
    """Give the lines of JSON of a command that went well."""
    assert (done.code, done.err) == (0, "")
    return [json.loads(line) for line in done.out.splitlines()]


def topics(done: Done) -> list[list[str]]:
    """Give the topics of each answer."""
    return [[topic["id"] for topic in row["topics"]] for row in answers(done)]  # type: ignore[attr-defined]


def test_an_answer_in_text(teejuht: Teejuht) -> None:
    """The answer with its source, without markup and without a greeting."""
    done = teejuht("ask", "where is library")
    assert (done.code, done.err) == (0, "")
    assert done.out.strip().splitlines()[0].strip() == "Library"
    assert "Sampleton: library" in done.out
    assert "**" not in done.out


def test_an_answer_in_json(teejuht: Teejuht) -> None:
    """Exactly the fields that scripts rely on."""
    [row] = answers(teejuht("ask", "--json", "where is library"))
    assert list(row) == ["lang", "decision", "topics", "text"]
    assert (row["lang"], row["decision"]) == ("en", "answer")
    [topic] = cast(list[dict[str, object]], row["topics"])
    assert (list(topic), topic["id"]) == (["id", "confidence"], "library")
    assert 0.5 < cast(float, topic["confidence"]) <= 1
    assert str(row["text"]).startswith("Library\n\nLibrary – 112.")


@pytest.mark.parametrize(
    ("question", "lang", "decision", "ids"),
    [
        ("где мусор", "ru", "answer", ["waste"]),
        ("kus on lasteaed", "et", "answer", ["kindergarten"]),
        ("vajan infot prügi", "et", "clarify", ["waste"]),
        ("xqz wvk", "et", "abstain", []),
        ("tere", "et", "abstain", []),
        ("де мусор що їжак", "uk", "answer", ["waste"]),
        ("zzzsuicide", "et", "answer", ["mental-health"]),
        ("zzzsuicide where is library", "en", "answer", ["library"]),
        ("/person", "et", "answer", ["municipal-contact"]),
        ("/menu", "et", "abstain", []),
        ("/nonsense", "et", "abstain", []),
        ("Sampleton", "et", "abstain", []),
        ("1", "et", "abstain", []),
        ("", "et", "abstain", []),
        ("???", "et", "abstain", []),
        ("図書館はどこですか 日本語", "et", "abstain", []),
    ],
)
def test_every_band(teejuht: Teejuht, question: str, lang: str, decision: str, ids: list[str]) -> None:
    """Language, decision and topics, whatever was asked."""
    [row] = answers(teejuht("ask", "--json", "--", question))
    assert (row["lang"], row["decision"]) == (lang, decision)
    assert [topic["id"] for topic in row["topics"]][: len(ids)] == ids  # type: ignore[attr-defined]
    assert bool(row["topics"]) == bool(ids)
    assert row["text"]


def test_the_language_can_be_chosen(teejuht: Teejuht) -> None:
    """The answer comes in the chosen language, and `lang` still says what the question was in."""
    [row] = answers(teejuht("ask", "--json", "--lang", "ru", "where is library"))
    assert row["lang"] == "en"
    assert str(row["text"]).startswith("Библиотека")


def test_the_municipality_adds_to_the_answer(teejuht: Teejuht) -> None:
    """With a municipality the answer has its addition and says so."""
    without, with_it = (
        str(answers(teejuht("ask", "--json", *option, "where is library"))[0]["text"])
        for option in ((), ("--municipality", "sampleton"))
    )
    assert "Keskallee 1." not in without
    assert "Keskallee 1." in with_it
    assert "Sampleton" in with_it.split("Keskallee")[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give either a QUESTION or --batch FILE"),
        (["x", "--batch", "f"], "give either a QUESTION or --batch FILE"),
        (["--batch", "f"], "--batch needs --json"),
        (["--lang", "de", "x"], "--lang must be one of et, ru, en"),
        (["--municipality", "atlantis", "x"], "there is no municipality atlantis"),
        (["--batch", "missing.jsonl", "--json"], "missing.jsonl cannot be read: "),
        (["--batch", ".", "--json"], ". cannot be read: "),
    ],
)
def test_wrong_use(teejuht: Teejuht, arguments: list[str], said: str) -> None:
    """What cannot work is said in one line; exit code 2."""
    done = teejuht("ask", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"teejuht: {said}")
    assert len(done.err.splitlines()) == 1


def batch(folder: Path, *lines: str) -> Path:
    """Write a file of lines."""
    file = folder / "questions.jsonl"
    file.write_text("\n".join(lines), "utf-8")
    return file


def test_a_batch_keeps_the_order(teejuht: Teejuht, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line out per question in, in the same order, also over the size of a chunk; other keys are not read."""
    monkeypatch.setattr("bot.private.CHUNK", 4)
    asked = ["library", "waste", "kindergarten"] * 5
    lines = [json.dumps({"text": f"where is {name}", "lang": "ru", "topics": ["x"], "id": 7}) for name in asked]
    done = teejuht("ask", "--batch", batch(room, *lines), "--json")
    assert topics(done) == [[name] for name in asked]
    assert {row["lang"] for row in answers(done)} == {"en"}


def test_each_line_is_a_conversation_of_its_own(teejuht: Teejuht, room: Path) -> None:
    """No line knows of another: no numbers, no rate limit, no language left over."""
    lines = ['{"text": "где мусор"}', *['{"text": "where is waste"}'] * 30, '{"text": "1"}', '{"text": "xqz wvk"}']
    rows = answers(teejuht("ask", "--batch", batch(room, *lines), "--json"))
    assert [row["lang"] for row in rows] == ["ru", *["en"] * 30, "et", "et"]
    assert [row["decision"] for row in rows] == ["answer"] * 31 + ["abstain"] * 2


def test_blank_lines_are_no_questions(teejuht: Teejuht, room: Path) -> None:
    """Blank lines and Windows line ends do no harm; separators inside a text are part of it."""
    lines = ["", '{"text": "where is library"}\r', "   ", '{"text": "where\u2028is\\nwaste"}', ""]
    assert topics(teejuht("ask", "--batch", batch(room, *lines), "--json")) == [["library"], ["waste"]]


def test_an_empty_batch_is_no_fault(teejuht: Teejuht, room: Path) -> None:
    """No question, no line."""
    assert answers(teejuht("ask", "--batch", batch(room, ""), "--json")) == []


@pytest.mark.parametrize("text", ["a\\u0000b", "\\ud83d", "\\ud83d where is library"])
def test_unkeepable_characters_do_no_harm(teejuht: Teejuht, room: Path, text: str) -> None:
    """NUL and half a surrogate pair are a question like others."""
    rows = answers(teejuht("ask", "--batch", batch(room, f'{{"text": "{text}"}}', '{"text": "where is waste"}'), "--json"))
    assert [len(rows), rows[1]["decision"]] == [2, "answer"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "is not JSON: "),
        ('{"text": "x"', "is not JSON: "),
        ("[" * 100_000, "is not JSON: "),
        ("[1]", "is no JSON object"),
        ('{"question": "x"}', 'has no "text"'),
        ('{"text": 5}', 'has no "text"'),
        ('{"text": null}', 'has no "text"'),
    ],
)
def test_a_bad_line_is_named(teejuht: Teejuht, room: Path, line: str, said: str) -> None:
    """File and line are named before anything is answered; exit code 2."""
    file = batch(room, '{"text": "where is library"}', "", line, '{"text": "later"}')
    done = teejuht("ask", "--batch", file, "--json")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"teejuht: {file}, line 3 {said}")
    assert len(done.err.splitlines()) == 1


def test_a_file_that_is_not_utf8_is_named(teejuht: Teejuht, room: Path) -> None:
    """Bytes that are no text are a fault of the file."""
    file = room / "questions.jsonl"
    file.write_bytes(b'{"text": "\xff"}')
    done = teejuht("ask", "--batch", file, "--json")
    assert (done.code, done.err.startswith(f"teejuht: {file} cannot be read: ")) == (2, True)


def test_poison_still_gets_a_line(teejuht: Teejuht, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question on which the rules fail is answered with the apology; the line is not missing."""
    heard = Engine.compute

    def failing(self: Engine, turn: Turn) -> Outcome:
        if turn.body.get("text") == "poison":
            raise ZeroDivisionError
        return heard(self, turn)

    monkeypatch.setattr(Engine, "compute", failing)
    rows = answers(teejuht("ask", "--batch", batch(room, '{"text": "poison"}', '{"text": "where is waste"}'), "--json"))
    assert [row["decision"] for row in rows] == ["abstain", "answer"]
    assert "Vabandust" in str(rows[0]["text"])


def test_nothing_is_left_behind(teejuht: Teejuht, room: Path) -> None:
    """Asking makes no file."""
    teejuht("ask", "where is library")
    assert list(room.iterdir()) == []
