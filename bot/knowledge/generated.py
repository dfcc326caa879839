"""The generated files in knowledge/.index: word forms, language n-grams, fitted weights and numbers. Text or JSON, never code."""

import json
import sys
from array import array
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import TypeVar

from bot.knowledge.files import Reader, digest
from bot.search.confidence import FEATURES, Fit
from bot.search.langid import CLASSES
from bot.search.lexicon import WordForms
from bot.search.linear import UNFITTED_WEIGHTS, Linear, Weights
from bot.search.text import fold

T = TypeVar("T")

COLUMNS = 3
"""Of a file of forms."""
SCALE = 1000
"""Rarity is kept to three places."""

UNFITTED = Fit(
    weights=(0.0,) * FEATURES, inside=(0.0,) * FEATURES, answer=1.1, answer_careful=1.1, sure=1.1, clarify=0.0, offer=0.0
)
"""Without fitted numbers nothing is ever answered, only offered."""


UNFITTED_LINEAR = Linear(UNFITTED_WEIGHTS)


@dataclass(slots=True)
class Generated:
    """What the generators and the tuning left for the loader."""

    forms: dict[str, str] = field(default_factory=dict)
    """The text of each language's forms, which is long: it is read only where a lexicon is made of it."""
    grams: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    linear: Linear = UNFITTED_LINEAR
    linear_digest: bytes = b""
    fit: Fit = UNFITTED

    def words(self) -> list[WordForms]:
        """Read the forms of all languages."""
        return [word for lang, text in self.forms.items() for word in _read_forms(lang, text)]


def read_generated(reader: Reader, folder: Path, languages: Sequence[str]) -> Generated:
    """Read the generated files; a missing one is reported with the command that makes it."""
    made = Generated()
    for lang in languages:
        if text := _take(reader, folder / f"forms-{lang}.txt", _check_forms, "teejuht forms", keep=False):
            made.forms[lang] = text
    made.grams = _take(reader, folder / "language.json", _read_grams, "teejuht forms") or {}
    weights = folder / "weights.json"
    if linear := _take(reader, weights, lambda text: (Linear(_read_weights(text)), digest(text)), "teejuht eval --tune"):
        made.linear, made.linear_digest = linear
    made.fit = _take(reader, folder / "fitted.json", _read_fit, "teejuht eval --tune") or UNFITTED
    return made


def write_forms(folder: Path, lang: str, words: Iterable[WordForms], note: str) -> None:
    """Write one language's forms: lemma, parts of a compound joined by +, forms; a tab between, sorted."""
    lines = sorted(f"{word.lemma}\t{'+'.join(word.parts)}\t{' '.join(sorted(set(word.forms)))}" for word in words)
    _write(folder / f"forms-{lang}.txt", f"# {note}\n" + "\n".join(lines) + "\n")


def write_language_model(folder: Path, grams: Mapping[str, tuple[int, ...]], note: str) -> None:
    """Write the language model, one n-gram a line."""
    rows = ",\n".join(f"{json.dumps(g, ensure_ascii=False)}:{json.dumps(r, separators=(',', ':'))}" for g, r in grams.items())
    _write(folder / "language.json", f'{{"note": {json.dumps(note)},\n"grams": {{\n{rows}\n}}}}\n')


def write_weights(folder: Path, weights: Weights, note: str) -> None:
    """Write the linear classifier: names as text, numbers as little-endian arrays in base 64."""
    content = {
        "note": note,
        "topics": weights.topics,
        "biases": weights.biases,
        "features": "\n".join(weights.features),
        "rarity": _pack("H", (round(rarity * SCALE) for rarity in weights.rarity)),
        "common": _pack("h", weights.common),
        "counts": _pack("H", weights.counts),
        "classes": _pack("H", weights.classes),
        "weights": _pack("h", weights.weights),
    }
    _write(folder / "weights.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def write_fit(folder: Path, fit: Fit, note: str, measured: Mapping[str, object]) -> None:
    """Write the fitted numbers with what was measured when they were fitted."""
    content = {"note": note, "fit": asdict(fit), "measured": measured}
    _write(folder / "fitted.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="\n")


def _take(reader: Reader, path: Path, read: Callable[[str], T], command: str, *, keep: bool = True) -> T | None:
    """Read one file, and keep what it came to; report it with the command that makes it if it is missing or broken."""
    try:
        text = path.read_text("utf-8")
        return reader.once(path, text, read) if keep else read(text)
    except FileNotFoundError:
        reader.report(path, 1, f"this generated file is missing; run `{command}`", error=False)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        reader.report(path, 1, f"this generated file is broken; run `{command}`", error=False)
    return None


def _check_forms(text: str) -> str:
    if any(line.count("\t") != COLUMNS - 1 for line in text.splitlines() if not line.startswith("#")):
        raise ValueError("each line has a lemma, its parts and its forms")
    return text


def _read_forms(lang: str, text: str) -> list[WordForms]:
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return [
        WordForms(
            lang=lang, lemma=lemma, parts=tuple(parts.split("+")) if parts else (),
            forms=tuple(dict.fromkeys(fold(form) for form in forms.split())),
        )
        for lemma, parts, forms in rows
    ]  # fmt: skip


def _read_grams(text: str) -> dict[str, tuple[int, ...]]:
    rows = {gram: tuple(map(int, row)) for gram, row in json.loads(text)["grams"].items()}
    if any(len(row) != len(CLASSES) for row in rows.values()):
        raise ValueError("trained for other classes")
    return rows


def _read_weights(text: str) -> Weights:
    content = json.loads(text)
    made = Weights(
        topics=tuple(list[str](content["topics"]) if isinstance(content["topics"], list) else ()),
        biases=tuple(map(float, content["biases"])),
        features=content["features"].split("\n"),
        rarity=array("f", (rarity / SCALE for rarity in _unpack("H", content["rarity"]))),
        common=_unpack("h", content["common"]),
        counts=_unpack("H", content["counts"]),
        classes=_unpack("H", content["classes"]),
        weights=_unpack("h", content["weights"]),
    )
    whole = len(made.features) == len(made.rarity) == len(made.common) == len(made.counts)
    if not whole or len(made.biases) != len(made.topics) + 1 or not sum(made.counts) == len(made.classes) == len(made.weights):
        raise ValueError("the parts do not fit together")
    if any(not isinstance(topic, str) for topic in made.topics) or len(set(made.topics)) < len(made.topics):
        raise ValueError("topics are names, each once")
    if not all(map(isfinite, made.biases)) or min(made.rarity, default=1.0) <= 0:
        raise ValueError("these are no numbers of a fit")
    if max(made.classes, default=0) > len(made.topics):
        raise ValueError("there are weights of unknown topics")
    return made


def _pack(kind: str, numbers: Iterable[int]) -> str:
    packed = array(kind, numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    return b64encode(packed.tobytes()).decode("ascii")


def _unpack(kind: str, text: str) -> "array[int]":
    numbers = array(kind, b64decode(text, validate=True))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _read_fit(text: str) -> Fit:
    numbers = json.loads(text)["fit"]
    fit = Fit(**{**numbers, **{name: tuple(map(float, numbers[name])) for name in ("weights", "inside")}})
    if not len(fit.weights) == len(fit.inside) == FEATURES:
        raise ValueError("fitted for other features")
    return fit
