"""Word patterns: the grammar of a combination, where its slots must stand, what rules it out, and faults of writing."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.core.safety import SITUATIONS, danger
from bot.search import patterns as module
from bot.search.lexicon import Lexicon, unknown_words, with_words
from bot.search.patterns import GAP, PatternError, Patterns, Piece, Read, Slot, compile_pattern
from bot.search.text import tokens
from tests.search.words import small_lexicon
from tests.worlds import ROOT, real_world

SETS = {"kid": ("laps", "ребенок", "=mind"), "run": ("vid na", '"kool raha"')}


def lexicon() -> Lexicon:
    """Make a lexicon that knows a few plain words more."""
    made = small_lexicon()
    estonian = "kadunud peksab mind mu mees ei tule homme koju kindlustus tulekahjukindlustus tulekahju"
    return with_words(made, unknown_words(made, [("et", estonian), ("ru", "незнакомка")]))


LEXICON = lexicon()


def shows(line: str, text: str, *unless: str) -> bool:
    """Tell whether a text shows a pattern of one combination."""
    return Patterns(LEXICON, [compile_pattern("it", [line], unless, SETS, LEXICON)]).find(text) == "it"


@pytest.mark.parametrize(
    ("line", "text", "found"),
    [
        # a word: every form, any spelling, near-certain slips
        ("laps", "lapsed", True),
        ("laps", "LAPSI!", True),
        ("laps", "lapsi", True),
        ("laps", "lapse", True),
        ("laps", "kool", False),
        ("kool", "koolgi", True),
        ("perearst", "perrearst", True),
        ("perearst", "prearts", False),
        ("ребенок", "дети", True),
        ("ребенок", "detey", True),
        ("ребенок", "ребёнка", True),
        ("luba", "elamisluba", False),
        ("tundmatu", "tundmatu", True),
        ("незнакомка", "neznakomka", True),
        # alternatives
        ("laps|kool", "kooli", True),
        ("laps|kool", "lapsi", True),
        ("laps|kool", "maja", False),
        # exactly so
        ("=lapse", "lapse", True),
        ("=lapse", "laps", False),
        ("=mind", "mind", True),
        ("=öö", "oo", True),
        ("=детей", "detey", True),
        ("=детей", "дети", False),
        ("=laps|=kool", "kool", True),
        ("=laps|kool", "koolid", True),
        # beginnings
        ("~tule", "tulekahju", True),
        ("~tule", "tule", True),
        ("~tule", "tul", False),
        ("~пособ", "posobnik", True),
        ("~пособ", "пособник", True),
        ("~shk|~kool", "koolimaja", True),
        ("~shkol", "школьник", False),
        # fixed words
        ('"laps ei tule"', "laps ei tule koju", True),
        ('"laps ei tule"', "lapsed ei tule", True),
        ('"laps ei tule"', "laps homme ei tule", False),
        ('"laps ei tule"', "tule ei laps", False),
        ('="laps ei tule"', "lapsed ei tule", False),
        ('="laps ei tule"', "laps ei tule", True),
        ('"laps ei"|kool', "kool", True),
        ('"laps ei"|kool', "laps ei", True),
        ('"don\'t go"', "don’t go", True),
        # sets
        ("<kid>", "lapsed", True),
        ("<kid>", "mind", True),
        ("<kid>", "детям", True),
        ("<kid>", "kool", False),
        ("<run>", "vid na", True),
        ("<run>", "kooli raha", True),
        ("<run>", "raha kool", False),
        ("<kid>|kool", "kool", True),
        ("<kid>|<run>", "vid na", True),
        # several slots
        ("mees peksab <kid>", "mees peksab last", True),
        ("mees peksab <kid>", "last peksab mees", True),
        ("mees peksab <kid>", "mees peksab", False),
        ("  mees   peksab  ", "mees peksab", True),
        (">mees peksab", "mees peksab", True),
        (">mees peksab", "peksab mees", False),
        ("> mees peksab <kid>", "mees peksab mind", True),
        ("> mees peksab <kid>", "mind peksab mees", False),
        ("> mees mees", "mees ei mees", True),
        # each slot another word
        ("<kid> laps", "laps", False),
        ("<kid> laps", "laps laps", True),
        ("laps laps laps", "laps laps", False),
        ('"laps kool" laps', "laps kool", False),
        ('"laps kool" laps', "laps laps kool", True),
    ],
)  # fmt: skip
def test_combinations(line: str, text: str, found: bool) -> None:
    """What a combination finds, by the grammar at the head of the safety files."""
    assert shows(line, text) == found


@pytest.mark.parametrize(("between", "found"), [(0, True), (GAP, True), (GAP + 1, False)])
def test_how_far_slots_may_stand_apart(between: int, found: bool) -> None:
    """At most GAP words stand between one slot and the next, in either order; a third slot may bridge."""
    words = "maja " * between
    assert shows("mees peksab", f"mees {words} peksab") == found
    assert shows("mees peksab", f"peksab {words} mees") == found
    assert shows("mees peksab laps", f"mees {'maja ' * 4} laps {'maja ' * 4} peksab")


def test_a_nearer_place_is_found_among_several() -> None:
    """A slot that occurs more than once may stand at any of its places."""
    far = "mees " + "maja " * 20
    assert shows("mees peksab", far + "mees peksab")
    assert shows("> mees peksab laps", f"laps {far} mees peksab mees laps")


@pytest.mark.parametrize("text", ["Mees tuli. Ta peksab.", "mees\npeksab", "Mees! Peksab."])
def test_slots_stand_in_one_sentence(text: str) -> None:
    """What is said in two sentences is not one combination."""
    assert not shows("mees peksab", text)
    assert shows("mees", text)


@pytest.mark.parametrize(
    ("text", "unless", "found"),
    [
        ("tulekahju", ["kindlustus"], True),
        ("tulekahju kindlustus", ["kindlustus"], False),
        ("tulekahju. " + "maja " * 30 + "Kindlustus?", ["kindlustus"], False),
        ("tulekahju kindlustus", ["kindlustus homme"], True),
        ("tulekahju kindlustus homme", ["kindlustus homme"], False),
        ("homme tulekahju. " + "maja " * 30 + "kindlustus", ["kindlustus homme"], False),
        ("homme tulekahju. kindlustus", ["> kindlustus homme"], True),
        ("tulekahju mind", ["kindlustus", "=mind"], False),
        ("tulekahju. Homme kindlustus", ['"homme kindlustus"'], False),
    ],
)
def test_what_rules_a_pattern_out(text: str, unless: Sequence[str], found: bool) -> None:
    """A combination under `unless` counts anywhere in the message, across sentences and at any distance."""
    assert shows("tulekahju", text, *unless) == found


def test_patterns_are_asked_in_order() -> None:
    """The first pattern that a text shows is named with the line that showed it; one that is ruled out gives way to the next."""
    patterns = Patterns(
        LEXICON,
        [
            compile_pattern("first", ["laps kool", "laps"], ["raha"], SETS, LEXICON),
            compile_pattern("second", ["kool", "laps"], [], SETS, LEXICON),
        ],
    )
    assert patterns.explain("laps kooli") == ("first", "laps kool")
    assert patterns.explain("laps. kool") == ("first", "laps")
    assert patterns.explain("kool") == ("second", "kool")
    assert patterns.explain("laps raha") == ("second", "laps")
    assert patterns.explain("maja") is None
    assert patterns.find("") is None
    assert [pattern.name for pattern in patterns.patterns] == ["first", "second"]


def test_no_patterns_find_nothing() -> None:
    """Without patterns every text is fine."""
    assert Patterns(LEXICON).find("tulekahju") is None


@pytest.mark.parametrize(
    ("line", "where", "text"),
    [
        ("", "", "has no words"),
        (">", ">", "has no words"),
        ("   ", "   ", "has no words"),
        ("laps <nobody>", "<nobody>", "there is no set <nobody>"),
        ("laps <>", "<>", "there is no set <>"),
        ("laps =", "=", "is no word"),
        ("laps |", "|", "is no word"),
        ("laps !!", "!!", "is no word"),
        ('laps ""', '""', "is no word"),
        ('laps "kool maja', 'laps "kool maja', "is not closed"),
        ("laps <kid", "laps <kid", "is not closed"),
    ],
)
def test_faults_of_a_combination(line: str, where: str, text: str) -> None:
    """A combination that cannot be read says why and what the editor wrote, in `match` and in `unless`."""
    for match, unless in (([line], []), (["laps"], [line])):
        with pytest.raises(PatternError, match=text) as raised:
            compile_pattern("it", match, unless, SETS, LEXICON)
        assert raised.value.where == where


def test_a_fault_in_a_set() -> None:
    """A set may not hold an empty word."""
    with pytest.raises(PatternError, match="is no word"):
        compile_pattern("it", ["laps"], [], {"kid": ["laps", "?"]}, LEXICON)


def messages(name: str) -> list[dict[str, str]]:
    """Read labelled messages of the safety lane."""
    rows: list[dict[str, str]] = YAML(typ="safe").load(ROOT / "tests" / "safety" / f"{name}.yaml")
    return rows


def places(slot: Slot, words: Sequence[Read]) -> list[tuple[int, int]]:
    """Find a slot by asking it about every word, without any index."""
    runs = ((slot.word,), *slot.runs)
    return [
        (start, start + len(run))
        for run in runs
        for start in range(len(words) - len(run) + 1)
        if all(words[start + i].fits(word) for i, word in enumerate(run))
    ]


@pytest.mark.parametrize("name", ["crisis", "ordinary"])
@pytest.mark.untraced
def test_slots_are_found_as_if_each_were_asked_about_each_word(name: str) -> None:
    """The index of what a word can begin changes no result: a slow search slot by slot finds the same places."""
    dangers = real_world().dangers
    slots = {slot: None for pattern in dangers.patterns for line in (*pattern.match, *pattern.unless) for slot in line.slots}
    for row in messages(name)[::16]:
        words = [dangers.look_up(token) for token in tokens(row["text"])]
        slow = {slot: set(found) for slot in slots if (found := places(slot, [read for read, _ in words]))}
        assert {slot: set(found) for slot, found in Piece(words).spans.items()} == slow


def test_words_are_kept_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is asked, what is kept stays small, and what is found stays the same."""
    real = real_world().dangers
    texts = [row["text"] for row in messages("crisis")[::16]]
    monkeypatch.setattr(module, "KEPT_WORDS", 3)
    forgetful = Patterns(real.lexicon, real.patterns)
    assert [forgetful.explain(text) for text in texts * 2] == [real.explain(text) for text in texts * 2]


ANYTHING = st.text(max_size=80) | st.lists(
    st.sampled_from(["mees", "peksab", "mind", "убивает", "меня", "kill", "myself", "ь", "ььььь", "aaaaa", ".", "\n", "fire"]),
    max_size=25,
).map(" ".join)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=300)
@given(ANYTHING)
def test_any_text_can_be_asked(text: str) -> None:
    """The real safety lane takes any text and names a situation that exists, or none."""
    assert danger(text, real_world()) in {None, *SITUATIONS}
