"""Advice on wording: phrasings of two topics that are almost the same, and sentences that are hard to read."""

from pathlib import Path
from typing import Final

import pytest

from bot.errors import Problem
from bot.knowledge.read import read, wordings
from bot.knowledge.style import HARD, HARD_ELSEWHERE, SHORTEST, TOO_ALIKE, check_style, hard_sentences
from tests.engine.small import write_knowledge
from tests.knowledge.copies import write
from tests.worlds import KNOWLEDGE

OTHERS: Final = ("alpha", "bravo", "delta", "gamma", "kappa", "omega", "sigma")
"""Phrasings that are like no others, because a file needs eight."""
APART: Final = "people cannot tell them apart"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small knowledge, which gives no advice of its own."""
    return write_knowledge(tmp_path / "knowledge")


def write_text(
    folder: Path, lang: str, topic: str, *, question: str = "", title: str = "", keyword: str = "", body: str = "Short."
) -> None:
    """Write a topic's text anew: title in line 2, question in line 4, keyword in line 13, body from line 15 on."""
    questions = [question or f"{topic} zulu", *(f"{topic} {word}" for word in OTHERS)]
    lines = ["---", f"title: {title or topic}", "questions:", *(f"  - {text}" for text in questions)]
    write(folder / lang / f"{topic}.md", "\n".join([*lines, f"keywords: [{keyword}]", "---", "", body, ""]))


def advice(folder: Path) -> list[tuple[str, int, str]]:
    """Check and give the advice as (file, line, text); none of it may be an error."""
    problems = list(check_style(read(folder)))
    assert [problem for problem in problems if problem.error] == []
    return [(problem.path, problem.line, problem.text) for problem in problems]


def test_the_small_knowledge_gives_no_advice(folder: Path) -> None:
    """What these tests add is all that is found."""
    assert advice(folder) == []


# --- phrasings that are almost the same


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("lost passport", "cost passport", True),  # 1 of 13 letters is another: 92.3
        ("dogs lose my", "dogs dose my", False),  # 1 of 12 letters: 91.7
        ("lost passport of children", "cost passport of chilbren", True),  # 2 of 25 letters: 92.0
        ("lost passport of the child", "cost passport of tre chilb", False),  # 3 of 26 letters: 88.5
        ("lost my passport", "my passport lost", True),  # the same words in another order
        ("lost passport", "lost passports", True),
        ("lost passport", "Lost: passport?", False),  # the same words: an error of the check, said there
        ("põhikool ja gümnaasium", "pohikool ja gumnaasium", False),  # the same but for the signs on the letters
        ("lost passport", "lost ship", False),
    ],
)
def test_how_alike_is_too_alike(first: str, second: str, alike: bool, folder: Path) -> None:
    """From 92 on a phrasing is told, at its line in the later topic; the very same words are told elsewhere."""
    write_text(folder, "en", "library", question=f'"{first}"')
    write_text(folder, "en", "waste", question=f'"{second}"')
    told = ("knowledge/en/waste.md", 4, f"{second!r} is almost {first!r} of library; {APART}")
    assert TOO_ALIKE == 92.0
    assert advice(folder) == [told] * alike


def test_titles_are_phrasings_too(folder: Path) -> None:
    """A title may be asked as it stands."""
    write_text(folder, "en", "library", title="Lost passport")
    write_text(folder, "en", "waste", question="lost passports")
    assert advice(folder) == [("knowledge/en/waste.md", 4, f"'lost passports' is almost 'Lost passport' of library; {APART}")]


def test_every_other_topic_is_named(folder: Path) -> None:
    """Three that are alike are three pairs."""
    for topic, question in (("kindergarten", "lost passport"), ("library", "lost passports"), ("waste", "lost passportz")):
        write_text(folder, "en", topic, question=question)
    assert [(path, text.split(";")[0]) for path, _, text in advice(folder)] == [
        ("knowledge/en/library.md", "'lost passports' is almost 'lost passport' of kindergarten"),
        ("knowledge/en/waste.md", "'lost passportz' is almost 'lost passport' of kindergarten"),
        ("knowledge/en/waste.md", "'lost passportz' is almost 'lost passports' of library"),
    ]


def test_one_topic_may_say_the_same_twice(folder: Path) -> None:
    """Phrasings of one topic lead to one answer, however alike they are."""
    write_text(folder, "en", "library", title="Lost passport", question="lost passports")
    assert advice(folder) == []


def test_languages_are_not_compared(folder: Path) -> None:
    """A phrasing in another language is another text, even if it is written in the same way."""
    write_text(folder, "en", "library", question="lost passport")
    write_text(folder, "et", "waste", question="lost passports")
    assert advice(folder) == []


def test_keywords_are_not_compared(folder: Path) -> None:
    """Topics may share keywords, also almost."""
    write_text(folder, "en", "library", question="lost passport", keyword="found passport")
    write_text(folder, "en", "waste", question="zulu", keyword="lost passports, found passports")
    assert advice(folder) == []


def test_the_real_phrasings_can_be_told_apart() -> None:
    """Of the phrasings that are shipped not one in a thousand is almost the same as another topic's."""
    files = read(KNOWLEDGE)
    alike = [str(problem) for problem in check_style(files) if problem.text.endswith(APART)]
    assert len(alike) * 1000 <= sum(wording.field != "keyword" for wording in wordings(files)), alike


# --- sentences that are hard to read


def sentence(words: int, long: int, lang: str = "en") -> str:
    """Make a sentence with so many words, of which so many have seven letters and the others six."""
    seven, six = ("важнейш", "важный") if lang == "ru" else ("library", "school")
    return " ".join([seven] * long + [six] * (words - long)) + "."


@pytest.mark.parametrize(
    ("lang", "words", "long", "hard"),
    [
        ("et", 15, 9, False),  # 15 + 60.0 = 75.0
        ("et", 17, 10, True),  # 17 + 58.8 = 75.8
        ("ru", 22, 11, False),  # 22 + 50.0 = 72.0
        ("ru", 26, 12, True),  # 26 + 46.2 = 72.2
        ("en", 20, 8, False),  # 20 + 40.0 = 60.0
        ("en", 26, 9, True),  # 26 + 34.6 = 60.6
        ("uk", 20, 10, False),  # 20 + 50.0 = 70.0
        ("uk", 23, 11, True),  # 23 + 47.8 = 70.8
        ("en", 7, 7, False),  # short
        ("en", 8, 8, True),
        ("en", 8, 0, False),
    ],
)
def test_where_hard_begins(lang: str, words: int, long: int, hard: bool) -> None:
    """Words plus the percentage of long ones, above each language's own figure; below eight words nothing is hard."""
    text = sentence(words, long, lang)
    assert hard_sentences(text, lang) == [text] * hard
    assert (HARD, HARD_ELSEWHERE, SHORTEST) == ({"et": 75.0, "ru": 72.0, "en": 60.0}, 70.0, 8)


HARD_ONE: Final = sentence(8, 8)
EASY_ONE: Final = sentence(8, 0)
ADDRESS: Final = "https://example.ee/" + "/".join(["library"] * 20)


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        ("", []),
        (f"{EASY_ONE} {HARD_ONE} {EASY_ONE}", [HARD_ONE]),
        (f"{HARD_ONE}\n\n{HARD_ONE}", [HARD_ONE, HARD_ONE]),
        (f"- {HARD_ONE}\n- {EASY_ONE}\n12. {HARD_ONE}", [HARD_ONE, HARD_ONE]),
        (f"**{HARD_ONE[:7]}**{HARD_ONE[7:]}", [HARD_ONE]),
        # the marks of a list are no words
        ("\n".join(["- " + sentence(7, 7)] * 3), []),
        ("\n".join(["1. " + sentence(7, 7)] * 3), []),
        # a link is its text, and its address is not read
        (f"[{EASY_ONE[:-1]}]({ADDRESS}).", []),
        (f"[{HARD_ONE[:-1]}]({ADDRESS}).", [HARD_ONE]),
        (f"[library]({ADDRESS}) {sentence(6, 6)}", []),
        # a value is one short word, whatever it is called
        (f"{{{{ library-library-library }}}} {sentence(6, 6)}", []),
        (f"{{{{ library-library-library }}}} {sentence(7, 7)}", [f"value {sentence(7, 7)}"]),
        # a colon, a semicolon, a question and an exclamation end a sentence; a dot inside a number does not
        *((f"library library library library{sign} library library library library.", []) for sign in ":;?!."),
        (f"2.5 {sentence(7, 7)}", [f"2.5 {sentence(7, 7)}"]),
    ],
)
def test_what_counts_as_a_sentence(markdown: str, found: list[str]) -> None:
    """List marks, bold, links' addresses and values' names are not read; what is left is cut where sentences end."""
    assert hard_sentences(markdown, "en") == found


HINT: Final = "make it two sentences, or use shorter words"
LONG: Final = "library library library library library library library."


@pytest.mark.parametrize(
    ("body", "start"),
    [
        (f"Public {LONG}", "Public library library library library library"),
        (f"1. Public {LONG}", "Public library library library library library"),
        (f"Public {{{{ emergency-number }}}} {LONG}", "Public value library library library library"),
        (f"{{{{ emergency-number }}}} {LONG}", "value library library library library library"),
        (f"[Public]({ADDRESS}) {LONG}", "Public library library library library library"),
        (f"Public **library** {LONG}", "Public library library library library library"),
        (f"Revalued {LONG}", "Revalued library library library library library"),
    ],
    ids=["plain", "in a list", "a value inside", "a value first", "a link first", "bold inside", "a word that has value in it"],
)
def test_a_hard_sentence_is_told_at_its_line(body: str, start: str, folder: Path) -> None:
    """The advice names the file, the line and how the sentence begins, whatever marks stand in it."""
    write_text(folder, "en", "library", body=f"Really.\n\n{body}")
    assert list(check_style(read(folder))) == [
        Problem("knowledge/en/library.md", 17, f"hard to read ({start} ...): {HINT}", error=False)
    ]


def test_the_texts_of_variants_are_read_too(folder: Path) -> None:
    """What some people see instead of the answer should be as easy."""
    write_text(folder, "en", "library", body=f"Short.\n\n## variant: eu\nPublic {LONG}")
    start = "Public library library library library library"
    assert advice(folder) == [("knowledge/en/library.md", 18, f"hard to read ({start} ...): {HINT}")]
