"""A small World of values for tests of the rules: few topics, ten municipalities, no files. What the answers say does not matter.

The search is real; `banded` moves the limits between its bands, so that a test chooses the band and not the wording. The
n-grams of the language model are the shipped ones, because the rules about languages are about real sentences.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Final

from bot.core.conversation import handle
from bot.core.effects import Choice, Effect, Say, Step
from bot.core.events import Chose, Event, Said
from bot.core.replies import ACT_ORDER
from bot.core.safety import SITUATIONS
from bot.core.state import Conversation
from bot.core.texts import Text
from bot.core.world import (
    NATIONAL,
    Addition,
    Category,
    Contact,
    FactWords,
    Inquiry,
    Municipality,
    Source,
    Topic,
    TopicText,
    Value,
    World,
)
from bot.groups.facts import Fact, FactKind
from bot.insight.ranking import fit_weights
from bot.knowledge.files import Reader
from bot.knowledge.generated import read_generated
from bot.search.acts import build_acts
from bot.search.confidence import Decision, Fit
from bot.search.finder import Finder
from bot.search.follow import build_follow_ups
from bot.search.index import OUTSIDE, Index, Wording
from bot.search.langid import LanguageModel
from bot.search.lexicon import LanguageWords, build_lexicon, unknown_words, with_words
from bot.search.linear import UNFITTED_WEIGHTS, Linear
from bot.search.patterns import Patterns, compile_pattern
from bot.search.places import build_places
from tests.search.words import weights_by_name
from tests.worlds import KNOWLEDGE

NOW: Final = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LANGUAGES: Final = ("et", "ru", "en")
SOURCE: Final = Source(url="https://example.ee/a", title="Example: a", checked=date(2026, 11, 1), as_of=date(2026, 10, 1))

# id, category, related, then what it is called in each language
TOPICS: Final = (
    ("school", "education", ("kindergarten", "not-written-yet", "library", "hobby", "music"), "kool", "школа", "school"),
    ("kindergarten", "education", ("school",), "lasteaed", "детсад", "kindergarten"),
    ("library", "education", (), "raamatukogu", "библиотека", "library"),
    ("hobby", "education", (), "huviring", "кружок", "hobby"),
    ("music", "education", (), "muusika", "музыка", "music"),
    ("sport", "education", (), "sport", "спорт", "sports"),
    ("college", "education", (), "kolledž", "колледж", "college"),
    ("university", "education", (), "ülikool", "университет", "university"),
    ("pension", "status", (), "pension", "пенсия", "pension"),
    ("target-groups", "about", (), "sihtrühm", "группа", "group"),
    ("privacy", "about", (), "privaatsus", "приватность", "privacy"),
    ("municipal-contact", "about", ("privacy",), "ametnik", "чиновник", "official"),
    ("mental-health", "help", (), "mure", "тревога", "worry"),
    ("child-protection", "help", (), "lastekaitse", "опека", "welfare"),
    ("victim-support", "help", (), "ohvriabi", "жертва", "victim"),
    ("emergency-numbers", "help", (), "hädaabi", "спасатели", "rescue"),
)
# slug, county, names, alias
TOWNS: Final = (
    ("narva", "Ida-Viru maakond", "Narva", "Нарва", "Narva", "нарва-сити"),
    ("johvi", "Ida-Viru maakond", "Jõhvi", "Йыхви", "Jõhvi", "йихви"),
    ("sillamae", "Ida-Viru maakond", "Sillamäe", "Силламяэ", "Sillamäe", "силламяе"),
    ("tartu-linn", "Tartu maakond", "Tartu linn", "город Тарту", "City of Tartu", "Tartu"),
    ("tartu-vald", "Tartu maakond", "Tartu vald", "волость Тарту", "Tartu rural municipality", "Tartu"),
    ("elva", "Tartu maakond", "Elva", "Элва", "Elva", "elva linn"),
    ("haapsalu", "Lääne maakond", "Haapsalu", "Хаапсалу", "Haapsalu", "хапсалу"),
    ("vormsi", "Lääne maakond", "Vormsi", "Вормси", "Vormsi", "vormsi saar"),
    ("lihula", "Lääne maakond", "Lihula", "Лихула", "Lihula", "lihula linn"),
    ("ruhnu", "Saare maakond", "Ruhnu", "Рухну", "Ruhnu", "ruhnu saar"),
)
ACTS: Final = {
    "greeting": ("tere", "привет", "hello"),
    "how-are-you": ("kuidas läheb", "как дела", "how are you"),
    "farewell": ("nägemist", "пока", "goodbye"),
    "thanks": ("aitäh", "спасибо", "thanks"),
    "joke": ("räägi nalja", "расскажи анекдот", "tell me a joke"),
    "who-are-you": ("kes sa oled", "кто ты", "who are you"),
    "language": ("vaheta keelt", "смени язык", "change the language"),
    "menu": ("menüü", "меню", "menu"),
    "help": ("abi", "помощь", "help"),
    "abuse": ("loll", "дурак", "stupid"),
}
CRISES: Final = {"suicide": "kill myself", "violence": "beats me", "child": "beaten child", "emergency": "on fire"}
OUTSIDE_WORDS: Final = {
    "et": ("ilm", "homme", "täna", "eile"),
    "ru": ("погода", "завтра", "сегодня", "вчера"),
    "en": ("weather", "tomorrow", "today", "yesterday"),
}
"""What nothing here answers, and the days that people ask about."""
FIT: Final = Fit(
    weights=weights_by_name(-2.0, score=2.0, lead=2.0, outside=-0.5, phrase=9.0, slips=-0.5, unknown=-6.0),
    inside=weights_by_name(-2.0, score=2.0, lead=2.0, outside=-0.5, phrase=9.0, slips=-0.5, unknown=-6.0),
    answer=0.6,
    answer_careful=0.7,
    sure=0.2,
    clarify=0.2,
    offer=0.1,
)
"""By hand, so that words of a topic count and unknown words say nothing at all."""
FACTS: Final = (
    Fact(id="citizenship", kind=FactKind.CHOICE, options=("estonia", "eu", "other", "undetermined")),
    Fact(id="residence_basis", kind=FactKind.CHOICE, options=("visa", "permit", "refugee", "family", "work", "none")),
    Fact(id="insured", kind=FactKind.YES_NO),
    Fact(id="for_child", kind=FactKind.YES_NO, passing=True),
    Fact(id="resident_since", kind=FactKind.DATE),
)
OPTIONS: Final = {"estonia": "Estonia", "eu": "EU", "other": "Other", "undetermined": "None"}
REPLIES: Final = {"yes": ("jah", "да", "yes"), "no": ("ei", "нет", "no"), "dont_know": ("ei tea", "не знаю", "no idea")}
BANDS: Final = {
    Decision.ANSWER: replace(FIT, answer=0.01, answer_careful=0.01, sure=0.01, clarify=0.01),
    Decision.CLARIFY: replace(FIT, answer=1.1, answer_careful=1.1, clarify=0.01, offer=0.0),
    Decision.ABSTAIN: replace(FIT, answer=1.1, answer_careful=1.1, clarify=1.1),
}


@cache
def small_world() -> World:
    """Build the small World once for the whole run."""
    empty = build_lexicon([], [LanguageWords(lang=lang) for lang in LANGUAGES])
    wordings = [
        Wording(topic=id, lang=lang, field="title", text=name)
        for id, _, _, *names in TOPICS
        for lang, name in zip(LANGUAGES, names, strict=True)
    ]
    strange = [
        Wording(topic=f"{OUTSIDE}weather", lang=lang, field="outside", text=f"{name} {word}")
        for lang, (name, *words) in OUTSIDE_WORDS.items()
        for word in words
    ]
    lexicon = with_words(empty, unknown_words(empty, ((wording.lang, wording.text) for wording in (*wordings, *strange))))
    unfitted = Index((*wordings, *strange), lexicon, Linear(UNFITTED_WEIGHTS))
    index = Index(unfitted.wordings, lexicon, Linear(fit_weights(unfitted)))
    return World(
        languages=LANGUAGES,
        topics={id: _topic(id, category, related, names) for id, category, related, *names in TOPICS},
        categories=tuple(
            Category(id=id, names={lang: f"{id} ({lang})" for lang in LANGUAGES}, careful=id == "status")
            for id in ("education", "status", "empty", "help", "about")
        ),
        values={"emergency-number": Value(id="emergency-number", kind="phone", value="112", source="https://www.112.ee/a")},
        municipalities={NATIONAL: _town(NATIONAL, "", "Riik", "Государство", "State"), **{t[0]: _town(*t) for t in TOWNS}},
        cards={name: dict.fromkeys(LANGUAGES, f"{name}: **{{{{ emergency-number }}}}**") for name in SITUATIONS},
        finder=Finder(index, FIT, frozenset({"pension"})),
        language_model=LanguageModel(read_generated(Reader(KNOWLEDGE), KNOWLEDGE / ".index", ()).grams, {}, ()),
        dangers=Patterns(lexicon, [compile_pattern(name, [CRISES[name]], [], {}, lexicon) for name in CRISES]),
        acts=build_acts(ACTS, ACT_ORDER),
        places=build_places([(name, slug) for slug, _, *names in TOWNS for name in names], ["в", "in"]),
        follow_ups=build_follow_ups((), (), (), (), lexicon),
        inquiry=Inquiry(
            facts={fact.id: fact for fact in FACTS},
            words={
                lang: {f.id: FactWords(question=f"{f.id} ({lang})?", why="why", label=f.id, options=OPTIONS) for f in FACTS}
                for lang in LANGUAGES
            },
            replies=build_acts(REPLIES, tuple(REPLIES)),
            option_words={"citizenship": build_acts({"estonia": ("eesti",), "eu": ("latvia",)}, ("estonia", "eu"))},
        ),
    )


@cache
def banded(band: Decision) -> World:
    """Give the small World whose search puts everything into one band."""
    world = small_world()
    return replace(world, finder=replace(world.finder, fit=BANDS[band]))


def told(event: Event | str, state: Conversation, world: World | None = None) -> Step:
    """Let the rules answer an event; a text is a message."""
    return handle(said(event) if isinstance(event, str) else event, state, world or small_world())


def said(text: str, hint: str = "") -> Said:
    """Make a message."""
    return Said(at=NOW, text=text, hint=hint)


def chose(option: str | int) -> Chose:
    """Make the choice of an option by its id or its number."""
    return Chose(at=NOW, option=str(option))


def walk(events: Sequence[Event | str], world: World | None = None, state: Conversation | None = None) -> Step:
    """Let a whole conversation happen and give its last step."""
    step = Step(state or Conversation())
    for event in events:
        step = told(event, step.state, world)
    return step


def says(step: Step) -> tuple[Say, ...]:
    """Give the messages of a step."""
    return tuple(effect for effect in step.effects if isinstance(effect, Say))


def say(step: Step) -> Say:
    """Give the only message of a step."""
    (found,) = says(step)
    return found


def others(step: Step) -> tuple[Effect, ...]:
    """Give what a step does beside its messages."""
    return tuple(effect for effect in step.effects if not isinstance(effect, Say))


def sentences(message: Say) -> tuple[str, ...]:
    """Give the ids of the bot's own sentences in a message."""
    return tuple(mark.id for mark in message.marks if isinstance(mark, Text))


def ids(choices: Sequence[Choice]) -> tuple[str, ...]:
    """Give the ids of options."""
    return tuple(choice.id for choice in choices)


def _topic(id: str, category: str, related: tuple[str, ...], names: Sequence[str]) -> Topic:
    texts = {
        lang: TopicText(title=name.capitalize(), body=f"{name}: {{{{ emergency-number }}}}.")
        for lang, name in zip(LANGUAGES, names, strict=True)
    }
    return Topic(id=id, category=category, sources=(SOURCE,), review_by=date(2030, 1, 1), related=related, groups=(), texts=texts)


def _town(slug: str, county: str, et: str, ru: str, en: str, alias: str = "") -> Municipality:
    names = {"et": et, "ru": ru, "en": en}
    added = {"school": Addition(texts=dict.fromkeys(LANGUAGES, f"{slug}."), sources=(SOURCE,))} if slug == "narva" else {}
    return Municipality(
        slug=slug,
        names=names,
        operators={lang: f"{name} ({lang})" for lang, name in names.items()},
        web="https://example.ee",
        contacts=(Contact(id="general", names=names, phone="+3726101000", source="https://example.ee/contact"),),
        aliases=(alias,),
        county={lang: f"{county} {lang}".removesuffix(" et") for lang in LANGUAGES} if county else {},
        additions=added,
    )
