"""Whole conversations about target groups on the terminal, in each language, with the knowledge that is shipped."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import StringIO

import pytest

from bot.content import Content
from bot.private import chat
from tests.worlds import catalogs, real_world

LANGUAGES = ("et", "ru", "en")
START = {"choice": "group"}
DONT_KNOW = {"et": "ei tea", "ru": "не знаю", "en": "I don't know"}
OTHER_COUNTRY = {"et": "Ukraina", "ru": "Украина", "en": "Ukraine"}
PERMIT = {"choice": "fact:residence_basis:aliens-act-permit"}
SINCE = {"et": "märts 2024", "ru": "с марта 2024", "en": "since March 2024"}
MARCH = {"et": "märts 2024", "ru": "март 2024", "en": "March 2024"}
QUESTION = {"et": "kuidas leida perearst", "ru": "как найти семейного врача", "en": "how do I find a family doctor"}
YES = {"et": "jah", "ru": "да", "en": "yes"}


@dataclass(frozen=True, slots=True)
class Told:
    """One message of the bot."""

    text: str
    topic: str | None
    options: Sequence[str]


def talk(lang: str, *lines: str | dict[str, str]) -> list[Told]:
    """Hold a conversation in Kohtla-Järve and give the last message of each turn, the greeting aside."""
    said = [json.dumps(line if isinstance(line, dict) else {"text": line}) + "\n" for line in lines]
    content = Content(replace(real_world(), home="kohtla-jarve"), catalogs())
    out = StringIO()
    asyncio.run(chat(content, lines=said, out=out, as_json=True, lang=lang, state=None))
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    last = [Told(row["text"], row["topic"], [one["id"] for one in row["options"]]) for row in rows if row["end"]]
    assert len(last) == len(lines) + 1
    return last[1:]


def group(id: str, lang: str) -> str:
    """Give a group's name to a resident."""
    return real_world().inquiry.programmes["support-2025"].words[lang][id].name


def fact(told: Told) -> str:
    """Name the fact that is asked."""
    return next(option.split(":")[1] for option in told.options if option.startswith("fact:"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_with_a_detour(lang: str) -> None:
    """A question in the middle is answered, "yes" goes on where it was, and the result rests on the answers."""
    first, second, detour, again, third, result = talk(
        lang, START, OTHER_COUNTRY[lang], QUESTION[lang], YES[lang], PERMIT, SINCE[lang]
    )
    asked = ["citizenship", "residence_basis", "residence_basis", "resident_since"]
    assert [fact(told) for told in (first, second, again, third)] == asked
    assert (detour.topic, detour.options[0]) == ("family-doctor", "group:go")
    assert group("newcomer", lang) in result.text
    assert MARCH[lang] in result.text
    assert "2029" in result.text  # the end of the fifth year
    assert "group:change" in result.options


@pytest.mark.parametrize("lang", LANGUAGES)
def test_with_a_changed_answer(lang: str) -> None:
    """Another year makes another group of the newcomer, and only that answer is asked again."""
    *_, before, change, edit, after = talk(
        lang,
        START,
        OTHER_COUNTRY[lang],
        PERMIT,
        SINCE[lang],
        {"choice": "group:change"},
        {"choice": "group:edit:resident_since"},
        "2015",
    )
    assert group("newcomer", lang) in before.text
    assert {"group:edit:citizenship", "group:edit:residence_basis", "group:edit:resident_since"} <= set(change.options)
    assert fact(edit) == "resident_since"
    assert group("diverse-background", lang) in after.text
    assert group("newcomer", lang) not in after.text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_with_nothing_but_dont_know(lang: str) -> None:
    """It ends all the same, tells what would decide, promises nothing, and leads to a person."""
    *_, last, result = talk(lang, START, *[DONT_KNOW[lang]] * 6)
    assert any(option.startswith("fact:") for option in last.options)
    assert not any(option.startswith("fact:") for option in result.options)
    assert {"topic:municipal-contact", "group:change"} <= set(result.options)
    assert all(name in result.text for name in (group("newcomer", lang), group("diverse-background", lang)))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_answer_joined_with_what_was_said(lang: str) -> None:
    """What the person said of themselves is used below the next answer, with their words, and can be taken back."""
    *_, joined, anew = talk(
        lang,
        START,
        OTHER_COUNTRY[lang],
        {"choice": "group:stop"},
        {"choice": "topic:lost-document"},
        {"choice": "about:lost-document:citizenship="},
    )
    label = real_world().topics["lost-document"].texts[lang].variants["foreigner"].label
    assert label in joined.text
    assert real_world().inquiry.words[lang]["citizenship"].options["other"] in joined.text
    assert "about:lost-document:citizenship=" in joined.options
    assert real_world().inquiry.words[lang]["citizenship"].question in anew.text
