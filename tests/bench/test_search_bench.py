"""The bench's own arithmetic on scores small enough to count by hand, its noise, and one quick run of the whole."""

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from rapidfuzz.distance import OSA

from bot.insight.evaluation import MEASURES, Question
from tests.bench import noise
from tests.bench.growth import synthetic
from tests.bench.material import KNOWLEDGE, known, sample
from tests.bench.rankers import NAMES, OURS, OUTSIDE, Wording, find, leads, mean_of_best, ranked
from tests.bench.runs import COSTS
from tests.bench.scoring import Limits, Row, compare, curve, decide, limits, limits_by_lang, measure, reached, strictly

QUIET = [(OUTSIDE, 2.0), ("a", 1.0)]
"""A ranking in which outside is likelier than any topic."""


def right(score: float) -> Row:
    """Make a row whose first topic is right."""
    return Row(("a",), [("a", score), ("b", score - 1)])


def wrong(score: float) -> Row:
    """Make a row whose first topic is wrong and whose second is right."""
    return Row(("a",), [("b", score), (OUTSIDE, score - 1), ("a", score - 2)])


def strange(score: float) -> Row:
    """Make a row that nothing should answer."""
    return Row((), [("a", score)])


# 20 in scope: one wrong is 0.05.
INSIDE = [right(1.0), wrong(0.9), right(0.8), wrong(0.7), *(Row(("a",), QUIET) for _ in range(16))]
ROWS = [*INSIDE, strange(0.6), Row((), QUIET)]


def test_the_answer_threshold_gives_most_right_at_five_percent_wrong() -> None:
    assert limits(INSIDE).answer == 0.8


def test_the_lower_threshold_weighs_shown_against_quiet() -> None:
    # At 0.7 one more of 20 is shown (2 * 0.05 won); at 0.6 one of two outside is no longer quiet (0.5 lost).
    assert limits(ROWS) == Limits(0.8, 0.7)


def test_nothing_is_answered_where_every_answer_would_be_wrong() -> None:
    made = limits([wrong(0.5), strange(0.9)])
    assert made == Limits(math.inf, 0.5)
    assert decide(strange(0.9), made).decision == "clarify"


def test_equal_scores_pass_a_threshold_together() -> None:
    assert limits([right(0.5), wrong(0.5), right(0.4)]).answer == math.inf


def test_measures_at_the_thresholds() -> None:
    questions = [Question(text=str(number), topics=row.labels, lang="et", kind="k") for number, row in enumerate(ROWS)]
    found = measure(questions, [row.ranking for row in ROWS], {"": Limits(0.8, 0.7)})
    # 3 answered (2 right), 1 offered with its label, 16 silent; both outside quiet: F1 = 2 * 2 / (18 + 2).
    assert found["et"] == {"right": 0.1, "shown": 0.15, "wrong": 0.05, "silent": 0.8, "false": 0.0, "f_oos": 0.2}
    assert found["et/k"] == found["et"]


def test_outside_in_front_abstains_whatever_the_threshold() -> None:
    assert decide(Row((), QUIET), Limits(-9, -9)).decision == "abstain"


def test_the_most_right_with_few_false_answers() -> None:
    rows = [right(0.9)] * 50 + [right(0.5)] * 50
    none = strange(0.7)
    assert strictly(rows) == 1.0
    assert strictly([*rows, *[none] * 8, *[Row((), QUIET)] * 92]) == 1.0
    assert strictly([*rows, *[none] * 9, *[Row((), QUIET)] * 91]) == 0.5
    assert strictly([*rows, *[wrong(0.95)] * 9]) == 0.0


def test_a_language_with_few_check_wordings_shares_a_siblings_thresholds() -> None:
    questions = [Question(text="", topics=("a",), lang="ru")] * 20 + [Question(text="", topics=("a",), lang="uk")]
    at = limits_by_lang(questions, [row.ranking for row in (*INSIDE, wrong(0.1))])
    assert at["ru"].answer == at["uk"].answer == 0.8


def test_the_curve_runs_over_all_thresholds() -> None:
    points = curve(ROWS)
    assert points == [(0.0, 0.0), (0.0, 0.05), (0.05, 0.05), (0.05, 0.1), (0.1, 0.1)]
    assert [reached(points, wrong) for wrong in (0.0, 0.04, 0.05, 0.2)] == [0.05, 0.05, 0.1, 0.1]


ALL = [right(1.0)] * 100
HALF = [right(1.0)] * 50 + [wrong(0.5)] * 50
LATE = [wrong(1.0)] * 2 + [right(0.5)] * 98
"""More right than HALF, but wrong first: below it where little may be wrong."""


@pytest.mark.parametrize(
    ("ours", "peer", "difference", "verdict"),
    [
        (ALL, ALL, 0.0, "tie"),
        (ALL, HALF, 0.5, "ahead"),
        (HALF, ALL, -0.5, "behind"),
        (LATE, HALF, 0.48, "crossing"),
        ([right(1.0), *HALF[1:]], HALF, 0.0, "tie"),
    ],
)
def test_verdicts(ours: Sequence[Row], peer: Sequence[Row], difference: float, verdict: str) -> None:
    lead = compare(ours, peer, (limits(ours), limits(peer)))
    assert (lead.difference, lead.verdict) == (difference, verdict)
    assert lead.low <= lead.difference <= lead.high


def test_the_interval_of_a_sure_difference_is_a_point() -> None:
    lead = compare(ALL, [Row(("a",), QUIET)] * 100, (Limits(1.0, 0.0), Limits(1.0, 0.0)))
    assert (lead.low, lead.high) == (1.0, 1.0)


def test_the_interval_of_a_half_is_near_two_standard_errors() -> None:
    lead = compare(ALL, HALF, (Limits(1.0, 0.0), Limits(1.0, 0.0)))
    assert (lead.low, lead.high) == pytest.approx((0.5 - 1.96 * 0.05, 0.5 + 1.96 * 0.05), abs=0.02)
    assert lead == compare(ALL, HALF, (Limits(1.0, 0.0), Limits(1.0, 0.0)))


def test_rankings_keep_the_best_of_each_topic_and_one_outside() -> None:
    found = ranked([("~food", 1.0), ("a", 3.0), ("~pets", 2.0), ("a", 0.0), *((f"t{n}", 0.5) for n in range(9))])
    assert found[:2] == [("a", 3.0), (OUTSIDE, 2.0)]
    assert len(found) == 9
    assert leads(found)[:3] == [("a", 1.0), (OUTSIDE, -1.0), ("t0", -2.5)]
    assert mean_of_best([("a", 4.0), ("b", 3.0), ("b", 3.0), ("b", 1.0)], 2) == [("b", 3.0), ("a", 2.0)]


@pytest.mark.parametrize("name", [name for name in NAMES if name != OURS])
def test_peers_find_what_is_near_before_and_after_saving(name: str, tmp_path: Path) -> None:
    texts = {"passport": "how to renew a passport", "school": "how to find a school place", "~weather": "how warm is the weather"}
    wordings = [
        Wording(topic, "en", "question", f"{text} {end}".strip())
        for topic, text in texts.items()
        for end in ("", "here", "now", "today")
    ]
    built = find(name).build(wordings, tmp_path)
    built.save(wordings, tmp_path)
    for ranker in (built, find(name).load(tmp_path)):
        assert ranker.rank("renew my passport")[0][0] == "passport"
        assert ranker.rank("what weather is it")[0][0] == OUTSIDE


def test_labels_that_the_knowledge_lacks_are_left_out_and_counted() -> None:
    rows = [("a", "b"), ("b",), ()]
    questions = [
        Question(text="", topics=topics, lang="ru", kind=kind) for topics, kind in zip(rows, ("ukrainian", "", ""), strict=True)
    ]
    kept, left_out = known(questions, frozenset({"a"}))
    assert [(question.topics, question.lang) for question in kept] == [(("a",), "uk"), ((), "ru")]
    assert left_out == 1


def test_a_sample_is_even() -> None:
    questions = [Question(text=str(n), topics=("a",) * (n % 2), lang=lang) for lang in ("et", "ru") for n in range(40)]
    assert [sum(q.lang == lang and bool(q.topics) for q in sample(questions, 16)) for lang in ("et", "ru")] == [4, 4]


def test_made_up_topics_differ_and_say_so() -> None:
    real = [Wording("a", lang, "question", "kuidas elukoht registreerida saab паспорт ребёнка") for lang in ("et", "ru", "en")]
    made = synthetic(real, 5)
    assert made == synthetic(real, 5)
    assert [wording.topic for wording in made].count("~synthetic") == 5
    made = [wording for wording in made if wording.topic != "~synthetic"]
    assert len({wording.topic for wording in made}) == 5
    assert len(made) == 60
    assert all(wording.topic.startswith("synthetic-") for wording in made)
    assert len({frozenset(w.text for w in made if w.topic == topic) for topic in {w.topic for w in made}}) == 5


def test_estonian_without_diacritics() -> None:
    assert noise.no_diacritics("Kas šokk on üle? Õed-vennad, žanr, ÄÖ") == "Kas sokk on ule? Oed-vennad, zanr, AO"


def test_russian_in_latin_letters() -> None:
    text = "Ещё хочу паспорт!"
    made = {noise.latin(text, Random(seed)) for seed in range(60)}
    assert made == {
        "Esche hochu pasport!",
        "Eshche khochu pasport!",
        "Eshhjo hochu pasport!",
        "E6e xo4u pasport!",
        "Eštšjo hotšu pasport!",
    }
    for scheme in noise.SCHEMES:
        assert set("абвгдеёжзийклмнопрстуфхцчшщъыьэюя") <= scheme.keys()


@pytest.mark.parametrize(("text", "lang"), [("kus on lasteaed", "et"), ("Мой ребёнок и сад", "ru"), ("my ID is expired", "en")])
def test_a_slip_is_one_slip_in_a_long_word(text: str, lang: str) -> None:
    seen = set()
    for seed in range(80):
        made = noise.slip(text, Random(seed), lang=lang)
        assert made == noise.slip(text, Random(seed), lang=lang)
        assert OSA.distance(text, made) == 1
        changed = [(a, b) for a, b in zip(text.split(), made.split(), strict=True) if a != b]
        assert len(changed) == 1
        assert len(changed[0][0]) >= 5
        seen.add(len(made) - len(text))
    assert seen == {-1, 0, 1}


def test_nothing_long_to_slip_on() -> None:
    assert noise.slip("kus on pass", Random(1), lang="et") == "kus on pass"


def test_neighbouring_keys() -> None:
    assert set(noise.neighbours("g", noise.KEYBOARDS["en"])) == set("fhtyvb")
    assert set(noise.neighbours("ü", noise.KEYBOARDS["et"])) == set("põöä")
    assert set(noise.neighbours("ф", noise.KEYBOARDS["ru"])) == set("ыйця")
    assert noise.neighbours("7", noise.KEYBOARDS["en"]) == ""


def test_a_quick_run_measures_everyone(tmp_path: Path) -> None:
    topic = sorted((KNOWLEDGE / "topics").glob("*.yaml"))[0].stem
    rows = [
        {"text": "what is this about", "lang": "en", "topics": [topic], "kind": "plain"},
        {"text": "kust osta leiba", "lang": "et", "topics": [], "kind": "far"},
        {"text": "о чём это", "lang": "ru", "topics": [topic, "no-such-topic"], "kind": "short"},
        {"text": "про що це", "lang": "uk", "topics": [topic], "kind": "short"},
        {"text": "unknown", "lang": "en", "topics": ["no-such-topic"], "kind": "short"},
    ]
    questions, chart = tmp_path / "questions.jsonl", tmp_path / "chart.png"
    questions.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    command = [
        sys.executable,
        "-m",
        "tests.bench.search",
        "--quick",
        "--json",
        "--questions",
        str(questions),
        "--chart",
        str(chart),
    ]
    done = subprocess.run(command, cwd=KNOWLEDGE.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["questions"]["n"], found["questions"]["left_out"]) == (4, 1)
    for name in NAMES:
        langs = ["en"] if name == "wordllama" else ["et", "ru", "en", "uk"]
        assert [lang for lang in ("et", "ru", "en", "uk") if lang in found[name]] == langs
        assert all(set(found[name][lang]) == set(MEASURES) for lang in langs)
        assert set(COSTS) <= set(found[name])
        assert found[name]["mean_us"] > 0
        assert found[name]["rss_mb"] > 1
    assert set(found["ahead"]["en"]) == set(NAMES) - {OURS}
    assert set(found["ahead"]["et"]["bm25"]) == {"difference", "low", "high", "verdict"}
    assert all(set(row) == {"n", "clean", "noisy"} for row in found["noise"].values())
    assert {"no_diacritics", "latin", "slip_et", "slip_ru", "slip_en"} == set(found["noise"])
    assert chart.read_bytes().startswith(b"\x89PNG")
