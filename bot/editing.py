"""What editors do with the knowledge: check it, measure it, fit the search to it, generate word forms, compare, preview it.

Puts knowledge, measuring and catalogs together, as `app` does for serving; prints nothing itself.
"""

import asyncio
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from io import BytesIO
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from zipfile import ZipFile

from bot.core.answer import show_topic, show_variant
from bot.core.state import Conversation
from bot.core.world import NATIONAL, Inquiry, World
from bot.engine import utc_now
from bot.errors import KnowledgeError, Problem, WrongUse
from bot.groups.interview import walk
from bot.i18n import catalog_problems, load_catalogs, today_in_estonia
from bot.insight import comparison, drawing, ranking, tuning
from bot.insight.comparison import Change
from bot.insight.evaluation import Question
from bot.knowledge import forms, generated
from bot.knowledge.bodies import MAX_ANSWER, YEAR_DAYS, length_of
from bot.knowledge.build import build
from bot.knowledge.check import check_wordings
from bot.knowledge.links import Link, check_links, links
from bot.knowledge.load import Library, Look
from bot.knowledge.read import Files, read, texts, vocabulary, wordings
from bot.knowledge.style import check_style, plain_sentences
from bot.knowledge.variants import MAX_VARIANT
from bot.loops import Bell
from bot.platforms.web.preview import Limits, Preview, Reading, preview_app, serve_preview
from bot.ports import Message
from bot.render.speak import speak
from bot.search.index import Index
from bot.search.linear import Linear
from bot.settings import Settings

INDEX = ".index"
LONG = 3600.0
SHORTEST_SENTENCE = 3
"""Words of a sentence of an answer from which the search can learn."""


def nothing() -> None:
    """Tell nobody of progress."""


def check(settings: Settings) -> tuple[Files, list[Problem]]:
    """Look for every problem of knowledge and catalogs, errors first; nothing is fetched."""
    files, world, problems = Library(settings.knowledge).look(checks=True)
    if world:
        problems += check_wordings(files, world)
    problems += [*check_style(files), *catalog_problems(settings.locales, files.languages)]
    return files, sorted(problems, key=lambda p: (not p.error, p.path, p.line))


class Proofs:
    """The newest reading of the files, and the last World that could be built from them, for the preview."""

    def __init__(self, settings: Settings) -> None:
        self._library = Library(settings.knowledge, home=settings.municipality)
        self._catalogs = load_catalogs(settings.locales)
        self._bell = Bell()
        self._publishing = Lock()
        self._stopped = False
        self.reading = Reading(number=0, world=None, problems=())
        self._look = self.read()

    def read(self) -> Look:
        """Read the files and tell what is wrong with them as far as it is seen at once."""
        look = self._library.look(checks=True)
        problems = sorted(look.problems, key=lambda problem: not problem.error)
        with self._publishing:
            before = self.reading
            fresh = look.world is not None
            self.reading = Reading(
                number=before.number + 1, world=look.world or before.world, problems=tuple(problems), fresh=fresh
            )
        return look

    def advise(self, look: Look) -> None:
        """Add what takes longer to find (style, wordings that fail), unless there is another reading before it is found."""
        reading, found = self.reading, list(self.reading.problems)
        failing = check_wordings(look.files, look.world) if look.world else ()
        for problem in chain(check_style(look.files), failing):
            if self._stopped or self.reading is not reading:
                return
            found.append(problem)
        with self._publishing:
            if self.reading is reading:
                self.reading = replace(reading, number=reading.number + 1, problems=tuple(found))

    async def follow(self) -> None:
        """Read the files at each change, until cancelled."""
        advising = asyncio.create_task(self._advise(self._look))
        try:
            async for _ in self._library.changes():
                look = await asyncio.to_thread(self.read)
                self._bell.ring()
                await advising  # it ends soon: there is another reading
                advising = asyncio.create_task(self._advise(look))
        finally:
            self._stopped = True
            advising.cancel()

    async def _advise(self, look: Look) -> None:
        await asyncio.to_thread(self.advise, look)
        self._bell.ring()

    async def changed(self) -> None:
        """Wait for the next reading."""
        await self._bell.listen().wait(LONG)

    def speak(self, world: World, topic: str, *, variant: str, town: str | None, lang: str) -> Message:
        """Say a topic as the bot does."""
        state = Conversation(town=town or "")
        if variant:
            _, say = show_variant(topic, variant, state, lang, world)
        else:
            _, say = show_topic(topic, state, lang, today_in_estonia(), world)
        return speak([say], world, self._catalogs, utc_now())[0]


async def preview(settings: Settings, port: int, tell: Callable[[str], None]) -> None:
    """Serve the preview until cancelled. Errors: SettingsError, WrongUse."""
    proofs = await asyncio.to_thread(Proofs, settings)
    limits = Limits(count=length_of, answer=MAX_ANSWER, variant=MAX_VARIANT)
    source = Preview(reading=lambda: proofs.reading, changed=proofs.changed, speak=proofs.speak, limits=limits)
    following = asyncio.create_task(proofs.follow())
    try:
        await serve_preview(preview_app(source), port=port, tell=tell)
    finally:
        following.cancel()


def census(files: Files, today: date) -> dict[str, int]:
    """Count what there is, and how old its sources are."""
    dates = [source.as_of for topic in files.topics.values() for source in topic.sources]
    dates += [value.as_of for value in files.values.values()]
    dates += [contact.as_of for place in files.municipalities.values() for contact in place.contacts]
    dates += [s.as_of for place in files.municipalities.values() for added in place.additions.values() for s in added.sources]
    recent = sum(as_of is not None and (today - as_of).days <= YEAR_DAYS for as_of in dates)
    unknown = dates.count(None)
    fields = [wording.field for wording in wordings(files)]
    return {
        "topics": len(files.topics),
        "variants": sum(len(topic.variants) for topic in files.topics.values()),
        "languages": len(files.languages),
        "municipalities": sum(slug != NATIONAL for slug in files.municipalities),
        "phrasings": fields.count("question"),
        "keywords": fields.count("keyword"),
        "check wordings": sum(map(len, files.checks.values())),
        "values": len(files.values),
        "sources": len(dates),
        "sources dated within 12 months": recent,
        "older sources": len(dates) - recent - unknown,
        "sources without a date": unknown,
    }


def try_links(files: Files, wanted: Sequence[Link], tell: Callable[[], None] = nothing) -> list[Problem]:
    """Fetch every link and give those that do not answer."""
    return asyncio.run(check_links(files, wanted, tell=tell))


def all_links(files: Files) -> list[Link]:
    """Give every address that the knowledge names."""
    return links(files)


def labelled(files: Files) -> list[Question]:
    """Give the check wordings as questions to measure on."""
    return [
        Question(text=row.text, topics=tuple(row.topics), lang=lang, kind=row.kind)
        for lang, rows in files.checks.items()
        for row in rows
    ]


def sound(files: Files) -> World:
    """Build the World of files. Errors: KnowledgeError if they have errors."""
    world = build(files)
    if world is None or any(problem.error for problem in files.problems):
        raise KnowledgeError([problem for problem in files.problems if problem.error])
    return world


def tune(settings: Settings, *, begin: Callable[[int], None], tell: Callable[[], None]) -> Mapping[str, object]:
    """Fit the search to wordings and check wordings, write it, give what it reaches. Errors: KnowledgeError, WrongUse."""
    files = read(settings.knowledge, checks=True)
    world, checks = sound(files), labelled(files)
    begin(len(checks) + ranking.STEPS)
    index, day = world.finder.index, today_in_estonia()
    weights = ranking.fit_weights(index, _answers(files), tell=tell)
    generated.write_weights(
        settings.knowledge / INDEX, weights, f"fitted {day} by `teejuht eval --tune` on {len(index.wordings)} wordings"
    )
    index = Index(index.wordings, index.lexicon, Linear(weights), index.elsewhere)
    world = replace(world, finder=replace(world.finder, index=index))
    fit, reached = tuning.tune(world, checks, tell=tell)
    note = f"fitted {day} by `teejuht eval --tune` on {len(checks)} check wordings"
    generated.write_fit(settings.knowledge / INDEX, fit, note, reached)
    return reached


def _answers(files: Files) -> Iterator[tuple[str, str]]:
    """Give every sentence of the answers that says more than a few words, with its topic."""
    for topic, by_lang in files.texts.items():
        for text in by_lang.values():
            for sentence in chain.from_iterable(map(plain_sentences, (text.body, *text.variants.values()))):
                if len(sentence.split()) >= SHORTEST_SENTENCE:
                    yield topic, sentence


def draw_groups(inquiry: Inquiry, folder: Path, lang: str) -> Iterator[tuple[Path, str]]:
    """Draw each programme's questions into files; gives each with how many ways there are. Errors: WrongUse."""
    day = today_in_estonia()
    for id, programme in inquiry.programmes.items():
        walked = walk(inquiry.interview((id,), day))
        ways = f"{walked.paths:,} ways through the questions, the longest of {walked.longest}"
        flow = drawing.draw(inquiry, id, lang, day)
        for path, text in (
            (folder / f"{id}.mmd", drawing.mermaid(flow)),
            (folder / f"{id}.svg", drawing.svg(flow, programme.names[lang])),
        ):
            try:
                path.write_text(text, "utf-8")
            except OSError as error:
                raise WrongUse(f"{path} cannot be written: {error.strerror}") from error
            yield path, ways


def make_forms(settings: Settings) -> Iterator[str]:
    """Generate word forms and language model; gives a line for each thing done. Errors: KnowledgeError."""
    files = read(settings.knowledge)
    if errors := [problem for problem in files.problems if problem.error]:
        raise KnowledgeError(errors)
    folder = settings.knowledge / INDEX
    note = f"generated {today_in_estonia()} by `teejuht forms` with {forms.versions()}; sources and licences in NOTICE"
    yield "Generating word forms ..."
    for lang, words in forms.generate(vocabulary(files), files.known_languages).items():
        generated.write_forms(folder, lang, words, note)
        yield f"{lang}: {len(words)} words, {sum(len(word.forms) for word in words)} forms"
    yield "Training the language model ..."
    generated.write_language_model(folder, forms.train_language_model(texts(files)), note)


def differences(settings: Settings, revision: str, *, begin: Callable[[int], None], tell: Callable[[], None]) -> list[Change]:
    """Ask every check wording and phrasing before and after a change. Errors: WrongUse, KnowledgeError."""
    files = read(settings.knowledge, checks=True)
    new = sound(files)
    with TemporaryDirectory() as folder:
        unpack(settings.knowledge, revision, Path(folder) / settings.knowledge.name)
        before = read(Path(folder) / settings.knowledge.name)
        old = sound(before)
    phrasings = {
        (wording.lang, wording.text): Question(text=wording.text, topics=(wording.topic,), lang=wording.lang, kind="phrasing")
        for wording in (*wordings(before), *wordings(files))
        if wording.field == "question"
    }
    questions = [*labelled(files), *phrasings.values()]
    begin(len(questions))
    return list(comparison.compare(questions, old, new, tell=tell))


def unpack(knowledge: Path, revision: str, target: Path) -> None:
    """Put the knowledge as git keeps it at a revision into a folder. Errors: WrongUse."""
    command = ["git", "-C", str(knowledge), "archive", "--format=zip", "--end-of-options", revision]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except FileNotFoundError as error:
        raise WrongUse("git is not installed") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ").partition("\n")[0]
        raise WrongUse(f"git knows no knowledge at {revision!r}: {said}") from error
    with ZipFile(BytesIO(done.stdout)) as archive:
        archive.extractall(target)
