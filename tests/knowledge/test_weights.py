"""The fitted weights in their file: read back as written; damage is a warning, and the search goes on without them."""

import json
from array import array
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.knowledge.files import Reader
from bot.knowledge.generated import read_generated, write_weights
from bot.knowledge.load import load
from bot.search.linear import UNFITTED_WEIGHTS, Linear, Weights
from tests.engine.small import small_world, write_knowledge
from tests.search.test_linear import FITTED

NAME: Final = "weights.json"


def reread(folder: Path) -> tuple[Weights, list[str]]:
    """Read the weights of a folder and give what is said about their file."""
    reader = Reader(folder)
    made = read_generated(reader, folder, ())
    return weights_of(made.linear), [problem.text for problem in reader.problems if problem.path.endswith(NAME)]


def weights_of(linear: Linear) -> Weights:
    """Give what was fitted with the names of the features in their places."""
    return replace(linear.fitted, features=tuple(linear.places))


def packed(kind: str, *numbers: int) -> str:
    """Pack numbers as the file has them."""
    return b64encode(array(kind, numbers).tobytes()).decode()


def same(one: Weights, other: Weights) -> bool:
    """Tell whether two fits are the same to the third place."""
    return (
        (one.topics, list(one.features), list(one.counts), one.classes)
        == (other.topics, list(other.features), list(other.counts), other.classes)
        and list(one.biases) == pytest.approx(list(other.biases))
        and list(one.rarity) == pytest.approx(list(other.rarity), abs=0.0006)
        and (one.common, one.weights) == (other.common, other.weights)
    )


# --- written and read -------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Names and numbers come back as they were."""
    write_weights(tmp_path, FITTED, "a note")
    made, said = reread(tmp_path)
    assert said == []
    assert same(made, FITTED)


def test_a_fit_of_a_whole_knowledge_gives_the_same_scores(tmp_path: Path) -> None:
    """What was fitted and rounded says the same when it is read."""
    folder = write_knowledge(tmp_path / "knowledge")
    made, said = reread(folder / ".index")
    assert said == []
    write_weights(tmp_path, made, "again")
    features = dict.fromkeys(made.features, 1.0)
    assert Linear(reread(tmp_path)[0]).scores(features) == pytest.approx(Linear(made).scores(features), abs=0.01)
    assert load(folder).finder.find("where is library") == small_world().finder.find("where is library")


def test_the_file_is_text_that_a_person_may_look_at(tmp_path: Path) -> None:
    """It tells what made it and names the topics, and the same weights are the same bytes."""
    write_weights(tmp_path / "a", FITTED, "fitted by a test")
    write_weights(tmp_path / "b", FITTED, "fitted by a test")
    text = (tmp_path / "a" / NAME).read_text("utf-8")
    assert text == (tmp_path / "b" / NAME).read_text("utf-8")
    assert {**json.loads(text), "topics": None}["note"] == "fitted by a test"
    assert json.loads(text)["topics"] == ["school", "pension"]
    assert json.loads(text)["features"].split("\n") == list(FITTED.features)
    assert text.endswith("}\n")


def test_numbers_are_little_endian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that one machine wrote is read on another."""
    write_weights(tmp_path, FITTED, "a note")
    kept = json.loads((tmp_path / NAME).read_text("utf-8"))
    assert b64decode(kept["counts"])[:4] == b"\x02\x00\x01\x00"
    monkeypatch.setattr("sys.byteorder", "big")
    turned = replace(FITTED, counts=array("H", FITTED.counts))
    turned.counts.byteswap()  # type: ignore[attr-defined]
    write_weights(tmp_path / "big", turned, "a note")
    assert json.loads((tmp_path / "big" / NAME).read_text("utf-8"))["counts"] == kept["counts"]


names = st.text(alphabet="abc :=õж", min_size=1, max_size=6)


@st.composite
def fits(draw: st.DrawFn) -> Weights:
    """Draw any weights that a fit may give."""
    topics = draw(st.lists(names, unique=True, min_size=1, max_size=4))
    features = draw(st.lists(names, unique=True, min_size=1, max_size=6))
    counts = draw(st.lists(st.integers(0, len(topics)), min_size=len(features), max_size=len(features)))
    numbers = st.integers(-30_000, 30_000)
    weights = draw(st.lists(numbers, min_size=sum(counts), max_size=sum(counts)))
    return Weights(
        topics=tuple(topics),
        biases=tuple(draw(st.lists(numbers.map(lambda n: n / 1000), min_size=len(topics) + 1, max_size=len(topics) + 1))),
        features=tuple(features),
        rarity=array("f", [0.5 + place / 10 for place in range(len(features))]),
        common=array("h", range(len(features))),
        counts=array("H", counts),
        classes=array("H", [number for count in counts for number in range(count)]),
        weights=array("h", weights),
    )


@settings(derandomize=True, deadline=None, max_examples=60)
@given(fits())
def test_any_fit_comes_back(fit: Weights) -> None:
    """Whatever is fitted comes back to the third place, letters of any script too."""
    with TemporaryDirectory() as name:
        write_weights(Path(name), fit, "a note")
        made, said = reread(Path(name))
    assert said == []
    assert same(made, fit)


# --- damaged ----------------------------------------------------------------------------------------------------------

DAMAGED: Final[dict[str, dict[str, Any]]] = {
    "a part that is missing": {"topics": None},
    "no features": {"features": None},
    "no numbers": {"weights": None},
    "a bias too few": {"biases": [0.1, 0.2]},
    "a bias too many": {"biases": [0.1, 0.2, 0.3, 0.4]},
    "a bias that is a word": {"biases": [0.1, 0.2, "x"]},
    "a bias that is nothing": {"biases": [0.1, 0.2, None]},
    "a topic too few": {"topics": ["school"]},
    "a number for topics": {"topics": 2},
    "a feature too few": {"features": "a\nb\nc"},
    "a feature too many": {"features": "a\nb\nc\nd\ne"},
    "a list of features": {"features": ["a", "b", "c", "d"]},
    "letters that are no base 64": {"weights": "?!"},
    "base 64 that is cut": {"weights": packed("h", 1000, -500, 500, -1000)[:-3]},
    "half a number": {"counts": b64encode(b"\x02\x00\x01").decode()},
    "a weight too few": {"weights": packed("h", 1000, -500, 500)},
    "a class too many": {"classes": packed("H", 0, 2, 1, 1, 1)},
    "counts that are too high": {"counts": packed("H", 3, 1, 0, 1)},
    "a rarity too few": {"rarity": packed("H", 2000, 1000, 3000)},
    "a class that is no topic": {"classes": packed("H", 0, 3, 1, 1)},
    "a number for a text": {"rarity": 5},
}
"""What is written into the file instead; None takes it out."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with weights to damage."""
    write_weights(tmp_path, FITTED, "a note")
    return tmp_path


def broken(folder: Path) -> bool:
    """Tell whether the weights are left out, with the command that makes them."""
    return reread(folder) == (UNFITTED_WEIGHTS, ["this generated file is broken; run `teejuht eval --tune`"])


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_part(name: str, folder: Path) -> None:
    """Whatever does not fit together is reported, and nothing of it is used."""
    content = {**json.loads((folder / NAME).read_text("utf-8")), **DAMAGED[name]}
    (folder / NAME).write_text(json.dumps({key: value for key, value in content.items() if value is not None}), "utf-8")
    assert broken(folder)


@pytest.mark.parametrize("text", ["", "null", "[]", "7", "{", "<<<<<<< HEAD\n{}", "\ufeff{}", '{"topics": []}'])
def test_a_file_of_something_else(text: str, folder: Path) -> None:
    """A file that is no such fit, or was merged badly, is reported."""
    (folder / NAME).write_text(text, "utf-8")
    assert broken(folder)


def test_a_file_that_is_no_text(folder: Path) -> None:
    """Bytes that are no letters are reported."""
    (folder / NAME).write_bytes(b"\xff\xfe\x00")
    assert broken(folder)


def test_a_file_that_is_cut_off(folder: Path) -> None:
    """Wherever a copy ended too early, it is reported."""
    text = (folder / NAME).read_text("utf-8").rstrip()
    for end in range(0, len(text), 7):
        (folder / NAME).write_text(text[:end], "utf-8")
        assert broken(folder)


def test_no_file(tmp_path: Path) -> None:
    """A missing file is reported with the same command."""
    assert reread(tmp_path) == (UNFITTED_WEIGHTS, ["this generated file is missing; run `teejuht eval --tune`"])


def test_a_knowledge_with_damaged_weights_is_served(tmp_path: Path) -> None:
    """What editors wrote word for word is found still."""
    root = write_knowledge(tmp_path / "knowledge")
    (root / ".index" / NAME).write_text("{", "utf-8")
    assert load(root).finder.find("where is library").shown[0].topic == "library"
