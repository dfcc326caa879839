"""From marks to words: values, sources and dates, what a municipality adds, contacts, cards, names and labels."""

import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.support import Translations

from bot.core.effects import Choice, Say
from bot.core.texts import (
    ABSTAIN,
    GREETING,
    LABEL_NONE,
    UNKNOWN_COMMAND,
    Answer,
    Card,
    CategoryName,
    Contacts,
    CountyName,
    GroupCard,
    Label,
    Mark,
    Name,
    OperatorName,
    Text,
    TopicName,
    TownName,
    VariantName,
)
from bot.core.world import NATIONAL, Addition, Contact, Source, TopicText, Value, VariantText, World
from bot.i18n import Catalogs
from bot.ports import Message, Option, Part, PartKind
from bot.render.markup import to_html, to_text
from bot.render.speak import MAX_SOURCES, shown_sources, speak
from tests.core.small import LANGUAGES, SOURCE, small_world
from tests.worlds import catalogs as real_catalogs
from tests.worlds import real_world

NOON = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SENTENCES = {
    "advice_in_crisis": "first help", "as_of": "as of {date}", "closed": "closed", "contact": "Contact: {town}",
    "current_value": "see the current amount", "desk_words": "At the desk:", "due_for_review": "due for review",
    "greeting": "I am run by {operator}.", "hours_link": "Hours: {link}", "in_town": "In {town}", "no_operator": "nobody",
    "opening_hours": "Open:", "source": "Source", "undated": "date not stated", "unknown_command": "what is {command}?",
    "abstain": "I do not know.", "label_none": "None",
}  # fmt: skip


def catalogs() -> Catalogs:
    """Make catalogs whose sentences are fixed here; in Estonian and Russian they begin with the language."""
    made = {}
    for lang in LANGUAGES:
        catalog = Catalog(locale=lang)
        for id, sentence in SENTENCES.items():
            catalog.add(id, sentence if lang == "en" else f"{lang} {sentence}")
        file = io.BytesIO()
        write_mo(file, catalog)
        made[lang] = Translations(io.BytesIO(file.getvalue()))
    return Catalogs(made)


def with_topic(
    *,
    body: str = "Body.",
    terms: tuple[tuple[str, str], ...] = (),
    sources: tuple[Source, ...] = (SOURCE,),
    review_by: date = date(2030, 1, 1),
    values: Mapping[str, Value] | None = None,
) -> World:
    """Give a World with the topic `library` made of these."""
    world = small_world()
    texts = dict.fromkeys(LANGUAGES, TopicText(title="Library", body=body, terms=terms))
    topic = replace(world.topics["library"], texts=texts, sources=sources, review_by=review_by)
    return replace(world, topics={**world.topics, "library": topic}, values={**world.values, **(values or {})})


def message(marks: tuple[Mark, ...], world: World | None = None, lang: str = "en", now: datetime = NOON) -> Message:
    """Say one message."""
    (spoken,) = speak([Say(lang=lang, marks=marks)], world or small_world(), catalogs(), now)
    return spoken


def filled(body: str, value: Value, lang: str = "en", now: datetime = NOON) -> str:
    """Give the body of an answer that uses a value, without its title."""
    spoken = message((Answer("library", None),), with_topic(body=body, values={value.id: value}), lang, now)
    return spoken.parts[0].markdown.removeprefix("**Library**\n\n")


def plain(markdown: str) -> str:
    """Give Markdown as a reader sees it; spaces that do not break look like others."""
    return to_text(markdown).replace("\u00a0", " ").replace("\u202f", " ")


def answer(world: World, town: str | None = None) -> list[str]:
    """Give the parts of the answer `library` as Markdown."""
    return [part.markdown for part in message((Answer("library", town),), world).parts]


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "et", "ru", "en"),
    [
        ("money", Decimal(45), "45 €", "45 €", "€45"),
        ("money", Decimal("1234.50"), "1 234,50 €", "1 234,50 €", "€1,234.50"),
        ("number", Decimal("2.5"), "2,5", "2,5", "2.5"),
        ("number", Decimal(2026), "2026", "2026", "2026"),
        ("date", date(2026, 3, 5), "5. märts 2026", "5 марта 2026 г.", "5 March 2026"),
        ("phone", "112", "112", "112", "112"),
        ("phone", "116006", "116 006", "116 006", "116 006"),
        ("phone", "+3726123000", "+372 612 3000", "+372 612 3000", "+372 612 3000"),
        ("email", "a_b@x.ee", "a_b@x.ee", "a_b@x.ee", "a_b@x.ee"),
        ("address", "Kesk 1*", "Kesk 1*", "Kesk 1*", "Kesk 1*"),
    ],
)
def test_a_value_is_written_as_the_language_writes_it(kind: str, value: str | Decimal | date, et: str, ru: str, en: str) -> None:
    """Amounts, dates and numbers take the language's form; whatever signs a value has, it is text."""
    made = Value(id="v", kind=kind, value=value)
    shown = {lang: plain(filled("It is {{ v }}.", made, lang)) for lang in LANGUAGES}
    assert shown == {lang: f"It is {said}." for lang, said in (("et", et), ("ru", ru), ("en", en))}


@pytest.mark.parametrize(
    ("kind", "value", "href"),
    [("phone", "116006", "tel:116006"), ("phone", "+3726123000", "tel:+3726123000"), ("email", "a_b@x.ee", "mailto:a_b@x.ee")],
)
def test_phones_and_addresses_can_be_pressed(kind: str, value: str, href: str) -> None:
    """A phone number calls and an e-mail address writes."""
    assert f'href="{href}"' in to_html(filled("{{v}}", Value(id="v", kind=kind, value=value)))


def test_a_link_leads_to_the_page_in_the_language() -> None:
    """A link has an address per language; a language without one gets the first."""
    link = Value(id="v", kind="link", value="https://x.ee/et", links={"et": "https://x.ee/et", "ru": "https://x.ee/ru"})
    shown = {lang: filled("[Page]({{ v }})", link, lang) for lang in LANGUAGES}
    assert shown == {"et": "[Page](https://x.ee/et)", "ru": "[Page](https://x.ee/ru)", "en": "[Page](https://x.ee/et)"}


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "shown"),
    [
        (None, None, True),
        (date(2026, 11, 22), date(2026, 11, 22), True),
        (date(2026, 1, 1), None, True),
        (None, date(2026, 11, 21), False),
        (date(2026, 11, 23), None, False),
    ],
)
@pytest.mark.parametrize(("kind", "value"), [("money", Decimal(45)), ("phone", "112"), ("date", date(2026, 3, 5))])
def test_a_value_that_is_not_valid_is_never_shown(
    kind: str, value: str | Decimal | date, valid_from: date | None, valid_until: date | None, shown: bool
) -> None:
    """Outside its dates a value's place says where to see the current one; on its first and last day it is shown."""
    made = Value(id="v", kind=kind, value=value, see="https://x.ee/now", valid_from=valid_from, valid_until=valid_until)
    assert (filled("{{ v }}", made) == "[see the current amount](https://x.ee/now)") is not shown


def test_a_link_that_is_not_valid_leads_to_the_current_page() -> None:
    """A link out of date stands inside the editor's link, so it becomes the address where the current one is."""
    old = Value(id="v", kind="link", value="https://x.ee/old", see="https://x.ee/now", valid_until=date(2026, 1, 1))
    assert filled("[Page]({{ v }})", old) == "[Page](https://x.ee/now)"


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        (datetime(2026, 11, 22, 21, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 22, 22, 0, tzinfo=UTC), False),
    ],
)
def test_today_is_the_day_in_tallinn(now: datetime, shown: bool) -> None:
    """A value ends at midnight in Tallinn, which is 22 o'clock UTC in winter."""
    fee = Value(id="v", kind="money", value=Decimal(45), see="https://x.ee", valid_until=date(2026, 11, 22))
    assert (filled("{{ v }}", fee, now=now) == "€45") is shown


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_has_title_text_and_source() -> None:
    """The title is bold, the editor's Markdown stays, and the source stands below with the day it speaks for."""
    assert message((Answer("library", None),), with_topic(body="**Go** there.")).parts == (
        Part(markdown="**Library**\n\n**Go** there."),
        Part(kind=PartKind.SOURCES, markdown="Source: [Example\\: a](https://example.ee/a) (as of 1 October 2026)"),
    )


def test_sources_are_at_most_three_and_say_their_dates() -> None:
    """Several sources are a list in the editor's order; a copy without a date says so."""
    sources = tuple(
        Source(url=f"https://x.ee/{n}", title=f"T{n}", checked=date(2026, 1, 1), as_of=date(2026, 1, n) if n % 2 else None)
        for n in range(1, MAX_SOURCES + 2)
    )
    assert answer(with_topic(sources=sources))[-1] == (
        "Source:\n\n"
        "- [T1](https://x.ee/1) (as of 1 January 2026)\n"
        "- [T2](https://x.ee/2) (date not stated)\n"
        "- [T3](https://x.ee/3) (as of 3 January 2026)"
    )


def test_a_municipality_adds_its_part_and_its_source() -> None:
    """What applies there stands under its name, values filled, and its source joins the topic's; elsewhere there is none."""
    world = with_topic(values={"fee": Value(id="fee", kind="money", value=Decimal(5))})
    source = Source(url="https://narva.ee", title="Narva", checked=date(2026, 1, 1), as_of=None)
    added = Addition(texts=dict.fromkeys(LANGUAGES, "It costs {{ fee }}."), sources=(source,))
    narva = replace(world.municipalities["narva"], additions={"library": added})
    world = replace(world, municipalities={**world.municipalities, "narva": narva})
    body, local, sources = answer(world, "narva")
    assert (body, local) == ("**Library**\n\nBody.", "**In Narva**\n\nIt costs €5.")
    assert sources.splitlines()[2:] == [
        "- [Example\\: a](https://example.ee/a) (as of 1 October 2026)",
        "- [Narva](https://narva.ee) (date not stated)",
    ]
    assert answer(world, "elva") == answer(world, NATIONAL) == answer(world, "atlantis") == answer(world)


def test_words_for_the_desk_are_shown_with_their_meaning() -> None:
    """The Estonian words to use stand below the answer, as the editor wrote them."""
    words = (("elukoht", "home*"), ("luba", "permit"))
    assert answer(with_topic(terms=words))[1] == "At the desk:\n\n- **elukoht** – home\\*\n- **luba** – permit"


@pytest.mark.parametrize(("review_by", "due"), [(date(2026, 11, 22), False), (date(2026, 11, 21), True)])
def test_a_topic_past_its_review_says_so(review_by: date, due: bool) -> None:
    """The day after its review date a topic says that it is due."""
    assert ("due for review" in answer(with_topic(review_by=review_by))) is due


@pytest.mark.untraced
def test_every_source_of_every_answer_can_be_opened() -> None:
    """In the real knowledge, whatever signs an address has, it comes out as a link."""
    world = real_world()
    for topic in world.topics.values():
        for town in (None, *world.municipalities):
            html = to_html(message((Answer(topic.id, town),), world).parts[-1].markdown).replace("&amp;", "&")
            for source in shown_sources(topic.sources):
                assert f'href="{source.url}"' in html


# --- cards and contacts -----------------------------------------------------------------------------------------------


def test_a_card_is_set_apart_and_names_its_sources() -> None:
    """Before the card stands that help comes first; below it the sources of its numbers, each once."""
    world = small_world()
    numbers = {
        "a": Value(id="a", kind="phone", value="112", source="https://www.112.ee/x"),
        "b": Value(id="b", kind="phone", value="116006", source="https://www.112.ee/x"),
        "c": Value(id="c", kind="phone", value="116111", source="https://x.ee"),
    }
    card = dict.fromkeys(LANGUAGES, "**Call {{ a }}**, {{ b }} or {{ c }}.\n")
    world = replace(world, values=numbers, cards={"suicide": card})
    first, second = message((Card("suicide"),), world).parts
    assert first == Part(markdown="first help")
    assert (second.kind, plain(second.markdown)) == (
        PartKind.CARD,
        "Call 112, 116 006 or 116 111.\n\nSource: 112.ee (https://www.112.ee/x); x.ee (https://x.ee)",
    )
    assert all(f'href="tel:{number.value}"' in to_html(second.markdown) for number in numbers.values())


def test_a_contact_is_shown_with_every_way_to_reach_it() -> None:
    """Phone, e-mail, address and page stand in one line per contact; sources of one host and date are named once."""
    office = Contact(
        id="b", names=dict.fromkeys(LANGUAGES, "Office"), email="b@x.ee", source="https://x.ee/1", as_of=date(2026, 1, 2)
    )
    desk = replace(office, id="a", names=dict.fromkeys(LANGUAGES, "Desk"), phone="+3726101000", email="a@x.ee")
    desk = replace(desk, address="Kesk 1", web="https://www.x.ee/kontakt")
    line = Contact(id="c", names=dict.fromkeys(LANGUAGES, "Line"), phone="1247", source="https://y.ee/2")
    contacts = (desk, office, line)
    world = small_world()
    narva = replace(world.municipalities["narva"], contacts=contacts)
    spoken = message((Contacts("narva"),), replace(world, municipalities={**world.municipalities, "narva": narva}))
    assert [(part.kind, plain(part.markdown)) for part in spoken.parts] == [
        (
            PartKind.TEXT,
            "Contact: Narva\n\n- Desk: +372 610 1000, a@x.ee, Kesk 1, x.ee (https://www.x.ee/kontakt)\n"
            "- Office: b@x.ee\n- Line: 1247",
        ),
        (PartKind.SOURCES, "Source: x.ee (https://x.ee/1) (as of 2 January 2026); y.ee (https://y.ee/2) (date not stated)"),
    ]


@pytest.mark.parametrize(
    ("hours", "web", "shown"),
    [
        ({}, "", ""),
        ({}, "https://www.x.ee/aeg", "\n\nHours: x.ee (https://www.x.ee/aeg)"),
        (
            {"mon": ("09:00-12:00", "13:00-17:00"), "fri": ("09:00-12:00",)},
            "https://x.ee",
            "\n\nOpen:\n\n- Mon 09:00-12:00, 13:00-17:00\n- Tue closed\n- Wed closed\n- Thu closed\n- Fri 09:00-12:00\n"
            "- Sat closed\n- Sun closed",
        ),
    ],
)
def test_opening_hours(hours: Mapping[str, tuple[str, ...]], web: str, shown: str) -> None:
    """Hours are a list from Monday to Sunday; without them a link to where they stand, or nothing."""
    world = small_world()
    place = replace(world.municipalities["narva"], hours=hours, hours_web=web)
    spoken = message((Contacts("narva"),), replace(world, municipalities={**world.municipalities, "narva": place}))
    assert plain(spoken.parts[0].markdown) == f"Contact: Narva\n\n- Narva: +372 610 1000{shown}"


@pytest.mark.parametrize("town", [None, NATIONAL, "atlantis"])
def test_without_a_municipality_the_national_contact_is_shown(town: str | None) -> None:
    """An unknown municipality, or one that a reload removed, gives the national contact."""
    assert message((Contacts(town),)).parts == message((Contacts(NATIONAL),)).parts
    assert "State" in message((Contacts(town),)).parts[0].markdown


# --- names, sentences, labels -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "et", "en"),
    [
        (TopicName("school"), "Kool", "School"),
        (CategoryName("status"), "status (et)", "status (en)"),
        (TownName("johvi"), "Jõhvi", "Jõhvi"),
        (TownName("atlantis"), "Riik", "State"),
        (OperatorName("narva"), "Narva (et)", "Narva (en)"),
        (OperatorName(None), "et nobody", "nobody"),
        (CountyName("Saare maakond"), "Saare maakond", "Saare maakond en"),
    ],
)
def test_names(name: Name, et: str, en: str) -> None:
    """A name is said in the message's language, as a label and inside a sentence."""
    for lang, said in (("et", et), ("en", en)):
        assert labels(name, lang) == said
        sentence = to_text(message((Text(GREETING, {"operator": name}),), lang=lang).parts[0].markdown)
        assert sentence.removeprefix("et ") == f"I am run by {said}."


def labels(label: Label, lang: str) -> str:
    """Give what an option with this label says."""
    say = Say(lang=lang, marks=(Text(ABSTAIN),), choices=(Choice("a", label),))
    (option,) = speak([say], small_world(), catalogs(), NOON)[0].options
    return option.label


def test_a_sentence_may_speak_another_language() -> None:
    """A sentence, or a label, that names its language is said in that one."""
    assert message((Text(ABSTAIN, lang="ru"),)).parts == (Part(markdown="ru I do not know."),)
    assert (labels(Text(LABEL_NONE), "en"), labels(Text(LABEL_NONE, lang="et"), "en")) == ("None", "et None")


@pytest.mark.parametrize("typed", ["/<b>", "/**a**", "/[a](https://x.ee)", "/{command}", "/_a_", "/{{ emergency-number }}"])
def test_what_a_person_typed_is_shown_literally(typed: str) -> None:
    """A text from outside is no markup, no place to fill and no value."""
    assert to_text(message((Text(UNKNOWN_COMMAND, {"command": typed}),)).parts[0].markdown) == f"what is {typed}?"


def test_a_title_is_no_markup() -> None:
    """Signs in a title are shown, and a label has no backslashes."""
    world = small_world()
    title = "A*b*_c_ [d](e) \\ f"
    school = replace(world.topics["school"], texts=dict.fromkeys(LANGUAGES, TopicText(title=title, body="B")))
    world = replace(world, topics={**world.topics, "school": school})
    say = Say(lang="en", marks=(Answer("school", None),), choices=(Choice("a", TopicName("school")),))
    (spoken,) = speak([say], world, catalogs(), NOON)
    assert to_text(spoken.parts[0].markdown) == f"{title}\n\nB"
    assert spoken.options == (Option(id="a", label=title),)


def test_a_variant_has_its_label_its_text_and_the_sources() -> None:
    """What is different for some people stands under title and label, with the topic's own sources and no words for the desk."""
    world = small_world()
    said = TopicText(
        title="S*chool", body="B", terms=(("kool", "school"),), variants={"eu": VariantText(label="I am *EU*", body="{{ fee }}.")}
    )
    school = replace(world.topics["school"], texts=dict.fromkeys(LANGUAGES, said), review_by=date(2026, 1, 1))
    fee = Value(id="fee", kind="money", value=Decimal(5), source="https://x.ee")
    world = replace(world, topics={**world.topics, "school": school}, values={"fee": fee})
    say = Say(lang="en", marks=(Answer("school", "narva", "eu"),), choices=(Choice("a", VariantName("school", "eu")),))
    (spoken,) = speak([say], world, catalogs(), NOON)
    assert to_text(spoken.parts[0].markdown) == "S*chool: I am *EU*\n\n€5."
    assert [part.kind for part in spoken.parts] == [PartKind.TEXT, PartKind.TEXT, PartKind.SOURCES]
    assert spoken.options == (Option(id="a", label="I am *EU*"),)


def test_all_but_the_last_message_say_that_more_follows() -> None:
    """The messages of a turn keep their order, language, topic and options; the last one ends the turn."""
    says = [
        Say(lang="et", marks=(Text(ABSTAIN),)),
        Say(lang="en", marks=(Text(ABSTAIN), Text(ABSTAIN)), choices=(Choice("menu", Text(LABEL_NONE)),), topic="school"),
    ]
    assert speak(says, small_world(), catalogs(), NOON) == [
        Message(lang="et", parts=(Part(markdown="et I do not know."),), end=False),
        Message(
            lang="en",
            parts=(Part(markdown="I do not know."),) * 2,
            options=(Option(id="menu", label="None"),),
            topic="school",
            end=True,
        ),
    ]
    assert speak([], small_world(), catalogs(), NOON) == []


@pytest.mark.parametrize(
    ("dates", "shown"),
    [
        ((None, None), (0, 1)),
        ((None, None, None, None), (0, 1, 2)),
        ((None, None, None, 2019, 2023, 2021), (0, 1, 4)),
        ((None, 2018, None, 2023), (0, 1, 2)),
    ],
)
def test_a_dated_source_is_among_those_shown(dates: tuple[int | None, ...], shown: tuple[int, ...]) -> None:
    """The first three, unless only a later one says when it speaks."""
    sources = [
        Source(url=f"https://{n}", title=str(n), checked=date(2026, 1, 1), as_of=date(year, 1, 1) if year else None)
        for n, year in enumerate(dates)
    ]
    assert [sources.index(source) for source in shown_sources(sources)] == list(shown)


# --- target groups ----------------------------------------------------------------------------------------------------


def card(lang: str, mark: GroupCard) -> str:
    """Say a real group's card in one language."""
    (message,) = speak([Say(lang=lang, marks=(mark,))], real_world(), real_catalogs(), NOON)
    return re.sub(r"\\(.)", r"\1", "\n".join(part.markdown for part in message.parts))


@pytest.mark.parametrize(
    ("lang", "name", "rest"),
    [
        ("et", "vähelõimunud", "elanik, kelle põhiline suhtluskeel pole eesti keel"),
        ("ru", "слабо", "житель, чей основной язык общения не эстонский"),
        ("en", "weakly", "a resident whose main language of communication is not Estonian"),
    ],
)
def test_no_resident_reads_the_name_of_an_unnamed_group(lang: str, name: str, rest: str) -> None:
    """The clause is quoted from after its name."""
    shown = card(lang, GroupCard("infodays-2021", "weakly-integrated-resident"))
    assert name not in shown.lower()
    assert f"… {rest}" in shown


@pytest.mark.parametrize(("lang", "you"), [("et", r"\bte(ie|il|id)?\b"), ("ru", r"\b(вы|вас|вам)\b"), ("en", r"\byou(r)?\b")])
def test_a_card_about_another_person_does_not_speak_to_the_reader(lang: str, you: str) -> None:
    """Name and clause say who is meant; what is written for the person themselves is left out."""
    programme = real_world().inquiry.programmes["support-2025"]
    for group in programme.groups:
        words = programme.words[lang][group.id]
        own, other = (card(lang, GroupCard("support-2025", group.id, other=other)) for other in (False, True))
        assert words.name in other
        assert group.clause[lang][:40] in other
        assert not re.search(you, other, re.IGNORECASE)
        assert len(other) < len(own)
