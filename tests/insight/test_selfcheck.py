"""The self-check: which questions it asks, that it notices a broken search, and that each change is told once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from structlog.testing import capture_logs

from bot.core.world import OPERATORS, World
from bot.errors import StoreError
from bot.insight.selfcheck import NO_QUESTION, Checked, SelfCheck, check, known_questions
from bot.search.confidence import Fit
from bot.search.index import Index
from tests.engine.kit import NOW, PATIENCE
from tests.engine.small import small_world
from tests.worlds import real_world


def with_fit(world: World, **numbers: float) -> World:
    """Give the World with other limits of the search."""
    fit: Fit = replace(world.finder.fit, **numbers)  # type: ignore[arg-type]
    return replace(world, finder=replace(world.finder, fit=fit))


def without_search(world: World) -> World:
    """Give the World with a search that raises, as one does whose file is broken."""

    class Broken(Index):
        def __init__(self) -> None:
            self.wordings = world.finder.index.wordings

        def find(self, text: str) -> list[object]:  # type: ignore[override]
            raise IndexError(text)

    return replace(world, finder=replace(world.finder, index=Broken()))


def wrong(world: World, known: World | None = None) -> dict[str, str]:
    """Check a World, with questions of it or of another one, and give what was wrong."""
    return dict(check(known_questions(known or world), world, NOW).wrong)


def test_the_shipped_knowledge_passes() -> None:
    """One question in each language, which is answered with its topic in that language."""
    world = real_world()
    assert check(known_questions(world), world, NOW) == Checked(NOW, ("et", "ru", "en"), {})


def test_every_municipality_passes() -> None:
    """Wherever the bot runs, the same questions are answered."""
    world = real_world()
    assert [town.slug for town in world.towns() if wrong(replace(world, home=town.slug))] == []


def test_the_questions_are_always_the_same() -> None:
    """They come from the knowledge alone, one for each language, as editors wrote them."""
    world = real_world()
    known = known_questions(world)
    assert known == known_questions(replace(world, home="narva"))
    assert set(known) == set(world.languages)
    wordings = {(w.lang, w.topic, w.text) for w in world.finder.index.wordings}
    assert {(one.lang, one.topic, one.text) for one in known.values()} <= wordings


def test_any_knowledge_is_asked_what_it_can_answer() -> None:
    """Whichever topic has the longest title: taken away one by one, until few are left, the next one is answered too."""
    world = real_world()
    while len(world.topics) > 30:
        known = known_questions(world)
        assert wrong(world) == {}, known
        asked = {one.topic for one in known.values()}
        world = replace(world, topics={id: topic for id, topic in world.topics.items() if id not in asked})


def test_a_search_that_is_never_sure_is_noticed() -> None:
    """An answer that has become a choice, or nothing, is named with its topics, never with a text."""
    world = small_world()
    offered = wrong(with_fit(world, answer=1.1, answer_careful=1.1, clarify=0.0))
    assert set(offered) == {"et", "ru", "en"}
    assert all(came.startswith(f"clarify in {lang}: ") for lang, came in offered.items())
    silent = wrong(with_fit(world, answer=1.1, answer_careful=1.1, clarify=1.1))
    topic = known_questions(world)["en"].topic
    assert silent["en"] == f"abstain in en: no topic (asked about {topic})"
    assert not any(one.text in came for one in known_questions(world).values() for came in (*offered.values(), *silent.values()))


def test_a_wrong_topic_is_noticed() -> None:
    """A search that answers with something else is as broken as one that does not answer."""
    world = small_world()
    other = {lang: next(id for id in world.topics if id != one.topic) for lang, one in known_questions(world).items()}
    found = check({lang: replace(one, topic=other[lang]) for lang, one in known_questions(world).items()}, world, NOW).wrong
    assert set(found) == {"et", "ru", "en"}
    assert all(came.startswith(f"answer in {lang}: ") for lang, came in found.items())


def test_a_wrong_language_is_noticed() -> None:
    """A question that is answered in another language than its own."""
    world = small_world()
    known = known_questions(world)
    swapped = {**known, "et": replace(known["ru"], lang="et")}
    assert set(check(swapped, world, NOW).wrong) == {"et"}


def test_a_question_that_is_not_searched_for_is_noticed() -> None:
    """What is taken for a command, say, is not answered."""
    world = small_world()
    known = known_questions(world)
    taken = {**known, "en": replace(known["en"], text="/menu")}
    assert dict(check(taken, world, NOW).wrong) == {"en": f"no answer (asked about {known['en'].topic})"}


def test_a_search_that_raises_is_noticed() -> None:
    """The error's class is told, and not what it says."""
    world = without_search(small_world())
    topic = known_questions(world)["en"].topic
    assert wrong(world)["en"] == f"IndexError (asked about {topic})"


def test_a_language_without_phrasings_is_noticed() -> None:
    """Where nothing can be asked, nothing was found to be well."""
    world = small_world()
    known = {lang: one for lang, one in known_questions(world).items() if lang != "ru"}
    assert dict(check(known, world, NOW).wrong) == {"ru": NO_QUESTION}


# --- from time to time


@dataclass(slots=True)
class Desk:
    """Notes reports; `away` holds as many as cannot be brought."""

    away: int = 0
    reports: list[tuple[str, str, str]] = field(default_factory=list)
    tries: int = 0

    async def report(self, to: str, what: str, detail: str) -> None:
        """Take a report."""
        self.tries += 1
        if self.away:
            self.away -= 1
            raise StoreError("the database is gone")
        self.reports.append((to, what, detail))


@dataclass(slots=True)
class Watched:
    """A self-check that goes on all the time, over a World that a test may break."""

    world: World
    desk: Desk
    checks: int = 0

    def __call__(self) -> World:
        """Give the World of the moment, which a check asks for once."""
        self.checks += 1
        return self.world

    async def some_checks(self) -> None:
        """Wait until a few whole checks have been made."""
        wanted = self.checks + 3
        async with asyncio.timeout(PATIENCE):
            while self.checks < wanted:  # noqa: ASYNC110 - a check tells nobody that it is done
                await asyncio.sleep(0.001)


@asynccontextmanager
async def checking(watched: Watched) -> AsyncIterator[SelfCheck]:
    """Let it check as often as it can."""
    self_check = SelfCheck(world=watched, clock=lambda: NOW, every=0.0)
    running = asyncio.create_task(self_check.run(watched.desk.report))
    try:
        yield self_check
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_each_change_is_told_once() -> None:
    """To the operators: that it is broken, in which languages, and that it is well again; nothing while nothing changes."""
    watched = Watched(small_world(), Desk())
    with capture_logs() as logs:
        async with checking(watched) as self_check:
            await watched.some_checks()
            assert (watched.desk.reports, self_check.last) == ([], Checked(NOW, ("et", "ru", "en"), {}))
            watched.world = without_search(small_world())
            await watched.some_checks()
            assert self_check.last
            assert set(self_check.last.wrong) == {"et", "ru", "en"}
            watched.world = small_world()
            await watched.some_checks()
    topic = known_questions(small_world())["et"].topic
    (broken, well) = watched.desk.reports
    assert broken[:2] == (OPERATORS, "self-check")
    assert broken[2].splitlines()[0] == f"et: IndexError (asked about {topic})"
    assert well == (OPERATORS, "self-check-well", "")
    failures = [log for log in logs if log["event"] == "self-check failed"]
    assert [(log["lang"], log["log_level"]) for log in failures] == [("et", "error"), ("ru", "error"), ("en", "error")]


async def test_a_report_that_cannot_be_kept_is_made_later() -> None:
    """While the database is gone the checks go on, and the desk is told when it is back."""
    watched = Watched(without_search(small_world()), Desk(away=2))
    async with checking(watched), asyncio.timeout(PATIENCE):
        while not watched.desk.reports:  # noqa: ASYNC110 - the desk tells nobody
            await asyncio.sleep(0.001)
    assert watched.desk.tries >= 3
    assert [what for _, what, _ in watched.desk.reports] == ["self-check"]
