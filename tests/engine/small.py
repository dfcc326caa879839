"""A small knowledge for tests of the machinery around it: four topics in three languages, loaded in milliseconds.

Written as files, so that the command line and a child process can be pointed at it. What the answers say does not matter;
`LIBRARY`, `WASTE` and the others are the words that tell them apart.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bot.core.safety import SITUATIONS
from bot.core.world import World
from bot.insight.ranking import fit_weights
from bot.knowledge.generated import write_weights
from bot.knowledge.load import load
from bot.search.linear import Weights
from tests.search.words import weights_by_name

QUESTIONS: Final = {
    "et": "kus on {}|kuidas leida {}|millal on avatud {}|kas tasuta on {}|mis on {}|vajan infot {}|abi {}|reeglid {}|hind {}",
    "ru": "где {}|как найти {}|когда открыто {}|бесплатно ли {}|что такое {}|нужна информация {}|помощь {}|правила {}|цена {}",
    "en": "where is {}|how do I find {}|when is open {}|is it free {}|what is {}|I need data {}|help {}|rules {}|price {}",
}
FUNCTION_WORDS: Final = {
    "et": ("kus", "on", "kuidas", "millal", "kas", "mis", "ja"),
    "ru": ("где", "как", "когда", "что", "ли", "и"),
    "en": ("where", "is", "how", "do", "when", "what", "the", "and", "it"),
}
FIT: Final = {
    "weights": weights_by_name(-2.0, score=2.0, lead=2.0, outside=-0.5, phrase=9.0, slips=-0.5, unknown=-4.0),
    "inside": weights_by_name(-2.0, score=2.0, lead=2.0, outside=-0.5, phrase=9.0, slips=-0.5, unknown=-4.0),
    "answer": 0.7,
    "answer_careful": 0.8,
    "sure": 0.2,
    "clarify": 0.2,
    "offer": 0.1,
}
PLACE: Final = {
    "name": {"et": "Näidislinn", "ru": "Пример-город", "en": "Sampleton"},
    "operator": {"et": "Näidislinna valitsus", "ru": "Управа Пример-города", "en": "Sampleton government"},
    "web": "https://example.ee",
    "contacts": [
        {
            "id": "general",
            "name": {"et": "Infotelefon", "ru": "Справочная", "en": "Help line"},
            "phone": "+3726101000",
            "source": "https://example.ee/kontakt",
            "as_of": "2026-01-01",
        }
    ],
}


@dataclass(frozen=True, slots=True)
class Name:
    """What a topic is called in each language."""

    et: str
    ru: str
    en: str

    def in_(self, lang: str) -> str:
        """Give the name in one language."""
        return {"et": self.et, "ru": self.ru, "en": self.en}[lang]


LIBRARY: Final = Name("raamatukogu", "библиотека", "library")
WASTE: Final = Name("prügivedu", "мусор", "waste")
TOPICS: Final = {
    "library": LIBRARY,
    "waste": WASTE,
    "kindergarten": Name("lasteaed", "детсад", "kindergarten"),
    "municipal-contact": Name("kontakt", "контакт", "contact"),
    # The topics that safety cards lead to.
    "mental-health": Name("vaimne tervis", "психика", "mental health"),
    "child-protection": Name("lastekaitse", "защита детей", "child protection"),
    "victim-support": Name("ohvriabi", "жертва", "victim support"),
    "emergency-numbers": Name("hädaabi", "экстренные номера", "emergency"),
}
STRANGE: Final = {
    "weather": Name("ilm", "погода", "weather"),
    "pizza": Name("pitsa", "пицца", "pizza"),
    "work": Name("raamatukoguhoidja", "библиотекарь", "librarian"),
}
"""What nothing here answers, though people ask for it with the same words, or with almost the same."""
UKRAINIAN: Final = "де бібліотека"


def write_knowledge(root: Path) -> Path:
    """Write the small knowledge below `root`, fitted, and give the folder."""
    _write_files(root)
    write_weights(root / ".index", _weights(), "fitted by the tests")
    return root


@cache
def small_world() -> World:
    """Load the small knowledge once for the whole run."""
    with TemporaryDirectory() as folder:
        return load(write_knowledge(Path(folder)))


@cache
def _weights() -> Weights:
    """Fit the search of the small knowledge once for the whole run."""
    with TemporaryDirectory() as folder:
        _write_files(Path(folder))
        return fit_weights(load(Path(folder)).finder.index)


def _write_files(root: Path) -> None:
    _write(root / "languages.yaml", {"spoken": list(QUESTIONS), "recognised": ["uk"]})
    _write(root / "facts.yaml", [])
    category = {"id": "life", "name": {"et": "Elu", "ru": "Жизнь", "en": "Life"}}
    _write(root / "categories.yaml", [category])
    number = {"kind": "phone", "value": "112", "source": "https://www.112.ee", "as_of": "unknown"}
    _write(root / "values.yaml", {"emergency-number": number})
    for id, name in TOPICS.items():
        _write(root / "topics" / f"{id}.yaml", _topic(id))
        for lang in QUESTIONS:
            _write_text(root / lang / f"{id}.md", lang, name)
    for lang in QUESTIONS:
        _write(root / "lexicon" / f"{lang}.yaml", {"function_words": list(FUNCTION_WORDS[lang])})
        _write(root / lang / "facts.yaml", {})
        _write(root / "safety" / f"{lang}.yaml", _safety())
        _write(root / "acts" / f"{lang}.yaml", {"greeting": [{"et": "tere", "ru": "привет", "en": "hello"}[lang]]})
        _write(root / "checks" / f"{lang}.yaml", _checks(lang))
        _write(root / "outside" / f"{lang}.yaml", {kind: _questions(lang, name) for kind, name in STRANGE.items()})
    _write(root / "lexicon" / "uk.yaml", {"function_words": ["що", "де"]})
    _write(root / "outside" / "uk.yaml", {"weather": ["де погода"]})
    _write(root / "uk" / "phrasings.yaml", {"library": [UKRAINIAN]})
    _write(root / "municipalities" / "_national.yaml", PLACE)
    county = {"et": "Näidismaa", "ru": "Примерный уезд", "en": "Sample County"}
    added = {"library": {"text": dict.fromkeys(QUESTIONS, "Keskallee 1."), "sources": _topic("library")["sources"]}}
    _write(root / "municipalities" / "sampleton.yaml", {**PLACE, "county": county, "additions": added})
    _write(root / ".index" / "fitted.json", {"fit": FIT})


def _topic(id: str) -> Mapping[str, object]:
    source = {"url": f"https://example.ee/{id}", "title": f"Sampleton: {id}", "checked": "2026-11-01", "as_of": "2026-10-01"}
    return {"id": id, "category": "life", "sources": [source], "owner": "editors", "review_by": "2030-01-01"}


def _write_text(path: Path, lang: str, name: Name) -> None:
    title = name.in_(lang).capitalize()
    head = {"title": title, "questions": _questions(lang, name)}
    body = f"{title} – {{{{ emergency-number }}}}."
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"---\n{json.dumps(head, ensure_ascii=False)}\n---\n{body}\n", "utf-8")


def _questions(lang: str, name: Name) -> list[str]:
    return [question.format(name.in_(lang)) for question in QUESTIONS[lang].split("|")]


def _safety() -> Mapping[str, object]:
    return {
        "cards": dict.fromkeys(SITUATIONS, "**{{ emergency-number }}**"),
        "situations": {situation: {"match": [f"=zzz{situation}"]} for situation in SITUATIONS},
    }


def _checks(lang: str) -> list[Mapping[str, object]]:
    inside = [
        {"text": f"{name.in_(lang)} {word}", "topics": [id], "kind": "plain"}
        for id, name in TOPICS.items()
        for word in ("a", "b", "c", "d")
    ]
    return [*inside, *({"text": f"qwx{n} zzy{n}", "topics": [], "kind": "none"} for n in range(120))]


def _write(path: Path, content: object) -> None:
    """Write YAML: JSON is YAML; dates stay texts, which the models read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
