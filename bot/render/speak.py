"""From marks to words: what the core wants said, in one language, with values filled in for the day.

Knows catalogs, the World's texts and our Markdown subset; not how a channel shows it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from bot.core.case_texts import (
    CARD_CONTACT,
    CARD_GROUP,
    CARD_LANGUAGE,
    CARD_QUESTION,
    CARD_SINCE,
    CARD_TITLE,
    CARD_TOPIC,
    CARD_TOWN,
    HOURS_OPEN_UNTIL,
    HOURS_OPENS,
)
from bot.core.effects import Say, Tell
from bot.core.hours import Hours
from bot.core.texts import (
    ADVICE_IN_CRISIS,
    AS_OF,
    CLOSED,
    CONTACT,
    CURRENT_VALUE,
    DESK_WORDS,
    DUE_FOR_REVIEW,
    GROUP_CLAUSE,
    GROUP_CLAUSE_TRANSLATED,
    GROUP_WHERE,
    GROUP_WHY,
    HOURS_LINK,
    IN_TOWN,
    LABEL_DONT_KNOW,
    LABEL_NO,
    LABEL_YES,
    NO_OPERATOR,
    OPENING_HOURS,
    SOURCE,
    UNDATED,
    Answer,
    Card,
    CaseCard,
    CategoryName,
    Contacts,
    Contradiction,
    CountyName,
    FactAnswer,
    FactHelp,
    FactLabel,
    GroupCard,
    GroupName,
    Label,
    LanguageName,
    Listed,
    Literal,
    Mark,
    MonthName,
    Name,
    OfficeHours,
    OperatorName,
    ProgrammeName,
    ProgrammeSource,
    Question,
    SaidDate,
    SaidMoment,
    Text,
    Told,
    TopicName,
    TownName,
    VariantName,
    Words,
)
from bot.core.world import NAMED, Contact, Municipality, Source, Topic, Value, World
from bot.groups.dates import read_date
from bot.i18n import (
    Catalogs,
    day,
    host,
    language_name,
    moment,
    money,
    month,
    month_name,
    number,
    phone,
    today_in_estonia,
    weekdays,
)
from bot.ports import Message, Option, Part, PartKind
from bot.render.markup import escape

MAX_SOURCES = 3
"""Sources that an answer names; a phone shows no more."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
QUOTED = 200
"""Letters of a quoted message that are shown."""
YEAR = 4
"""Letters of a date that is a year only."""
_VALUE = re.compile(r"\{\{\s*([a-z0-9-]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says marks in one language on one day."""

    world: World
    catalogs: Catalogs
    lang: str
    today: date

    def text(self, id: str, **args: str) -> str:
        """Say one of the bot's own sentences; arguments are Markdown already."""
        return self.catalogs.text(self.lang, id, args)

    def name(self, name: Name) -> str:
        """Say a name, as Markdown."""
        match name:
            case TopicName(topic):
                return escape(self.world.topics[topic].texts[self.lang].title)
            case VariantName(topic, variant):
                return escape(self.world.topics[topic].texts[self.lang].variants[variant].label)
            case CategoryName(category):
                return escape(next(c.names[self.lang] for c in self.world.categories if c.id == category))
            case TownName(slug):
                return escape(self.world.place(slug).names[self.lang])
            case OperatorName(None):
                return escape(self.text(NO_OPERATOR))
            case OperatorName(slug):
                return escape(self.world.place(slug).operators[self.lang])
            case CountyName(county):
                return escape(self.world.counties()[county][self.lang])
            case Literal(text):
                return escape(text)
            case MonthName(number):
                return escape(month_name(number, self.lang))
            case SaidMoment(at):
                return escape(moment(at, self.lang))
            case LanguageName(code):
                return escape(language_name(code, self.lang))
            case SaidDate(said):
                return escape(self._date(said))
            case FactLabel(fact):
                return escape(self.world.inquiry.words[self.lang][fact].label)
            case FactAnswer(fact, value):
                return escape(self._answer_word(fact, value))
            case GroupName(programme, group):
                return escape(self.world.inquiry.programmes[programme].words[self.lang][group].name)
            case ProgrammeName(programme):
                return escape(self.world.inquiry.programmes[programme].names[self.lang])
            case Listed(names):
                return ", ".join(map(self.name, names))
            case Told(answers):
                return "; ".join(f"{self.name(FactLabel(fact))}: {self.name(FactAnswer(fact, value))}" for fact, value in answers)

    def label(self, label: Label) -> str:
        """Say what stands on an option, as plain text."""
        if isinstance(label, Text):
            return self.catalogs.text(label.lang or self.lang, label.id)
        return re.sub(r"\\(.)", r"\1", self.name(label))

    def parts(self, mark: Mark) -> Iterable[Part]:
        """Say a mark as parts of a message."""
        match mark:
            case Text(id, args, lang):
                filled = {k: escape(v) if isinstance(v, str) else self.name(v) for k, v in args.items()}
                yield Part(markdown=self.catalogs.text(lang or self.lang, id, filled))
            case Card(situation):
                yield from self._card(situation)
            case Answer(topic, _, variant, below) if variant:
                yield from self._variant(topic, variant, below=below)
            case Answer(topic, town):
                yield from self._answer(topic, town)
            case Contacts(town):
                yield from self._contacts(self.world.place(town))
            case Question(fact):
                yield Part(markdown=f"**{escape(self.world.inquiry.words[self.lang][fact].question)}**")
            case FactHelp(fact):
                words = self.world.inquiry.words[self.lang][fact]
                yield Part(markdown=f"{self.text(GROUP_WHY)} {escape(words.why)}")
                if words.where:
                    yield Part(markdown=f"{self.text(GROUP_WHERE)} {escape(words.where)}")
            case Contradiction(id):
                yield Part(markdown=escape(self.world.inquiry.contradiction_words[self.lang][id]))
            case ProgrammeSource(programme):
                yield Part(kind=PartKind.SOURCES, markdown=self._sources([self.world.inquiry.programmes[programme].source]))
            case GroupCard():
                yield from self._group(mark)
            case Words(text, quoted):
                yield Part(markdown=verbatim(text, quoted))
            case CaseCard():
                yield Part(kind=PartKind.CARD, markdown="\n".join(self._case(mark)))
            case OfficeHours(town, at):
                yield from self._office(self.world.place(town), at)

    def fill(self, markdown: str) -> str:
        """Put values into a text; one that is not valid today becomes a link to where it can be looked up.

        One that does not exist stays as it is written: the check refuses it, and only the editors' preview comes this far.
        """
        return _VALUE.sub(lambda match: self._value(self.world.values.get(match[1])) or match[0], markdown)

    def _value(self, value: Value | None) -> str:
        if value is None:
            return ""
        written = value.value
        if value.kind == "link":  # stands inside a link of the editor's, so it stays an address when it is out of date
            return (value.links.get(self.lang) or str(written)) if value.valid(self.today) else value.see
        if not value.valid(self.today):
            return f"[{self.text(CURRENT_VALUE)}]({value.see})"
        if value.kind == "phone":
            return phone_link(str(written))
        if value.kind == "email":
            return f"[{escape(str(written))}](mailto:{written})"
        if isinstance(written, Decimal):
            return escape(money(written, self.lang) if value.kind == "money" else number(written, self.lang))
        return escape(day(written, self.lang) if isinstance(written, date) else str(written))

    def _card(self, situation: str) -> Iterable[Part]:
        body = self.world.cards[situation][self.lang]
        used = [self.world.values[id] for id in _VALUE.findall(body)]
        sources = "; ".join(dict.fromkeys(f"[{host(value.source)}]({value.source})" for value in used))
        yield Part(markdown=self.text(ADVICE_IN_CRISIS))
        yield Part(kind=PartKind.CARD, markdown=f"{self.fill(body).strip()}\n\n{self.text(SOURCE)}: {sources}")

    def _answer(self, id: str, town: str | None) -> Iterable[Part]:
        topic = self.world.topics[id]
        said = topic.texts[self.lang]
        yield Part(markdown=f"**{escape(said.title)}**\n\n{self.fill(said.body)}")
        sources = shown_sources(topic.sources)
        if town and (added := self.world.place(town).additions.get(id)):
            heading = self.text(IN_TOWN, town=self.name(TownName(town)))
            yield Part(markdown=f"**{heading}**\n\n{self.fill(added.texts[self.lang])}")
            sources += added.sources
        if said.terms:
            words = "\n".join(f"- **{escape(word)}** – {escape(meaning)}" for word, meaning in said.terms)
            yield Part(markdown=f"{self.text(DESK_WORDS)}\n\n{words}")
        yield from self._grounds(topic, sources)

    def _variant(self, id: str, variant: str, *, below: bool) -> Iterable[Part]:
        topic = self.world.topics[id]
        said = topic.texts[self.lang].variants[variant]
        if below:
            yield Part(markdown=f"**{escape(said.label)}**\n\n{self.fill(said.body)}")
            return
        title = escape(topic.texts[self.lang].title)
        yield Part(markdown=f"**{title}: {escape(said.label)}**\n\n{self.fill(said.body)}")
        yield from self._grounds(topic, shown_sources(topic.sources))

    def _grounds(self, topic: Topic, sources: Sequence[Source]) -> Iterable[Part]:
        """Say what an answer rests on, and whether it is due for review."""
        if self.today > topic.review_by:
            yield Part(markdown=self.text(DUE_FOR_REVIEW))
        yield Part(kind=PartKind.SOURCES, markdown=self._sources(sources))

    def _sources(self, sources: Sequence[Source]) -> str:
        lines = [f"[{escape(s.title)}]({s.url}) ({self._as_of(s.as_of)})" for s in sources]
        if len(lines) == 1:
            return f"{self.text(SOURCE)}: {lines[0]}"
        return f"{self.text(SOURCE)}:\n\n" + "\n".join(f"- {line}" for line in lines)

    def _as_of(self, as_of: date | None) -> str:
        return self.text(AS_OF, date=day(as_of, self.lang)) if as_of else self.text(UNDATED)

    def _group(self, card: GroupCard) -> Iterable[Part]:
        programme = self.world.inquiry.programmes[card.programme]
        words = programme.words[self.lang][card.group]
        clause = next(group.clause[self.lang] for group in programme.groups if group.id == card.group)
        if card.group in programme.unnamed:
            clause = f"… {clause.partition(NAMED)[2]}"
        translated = programme.original not in ("", self.lang)
        yield Part(markdown=f"**{escape(words.name)}**" + ("" if card.brief or card.other else f"\n\n{escape(words.short)}"))
        for note in card.notes:
            yield from self.parts(note)
        if card.brief:
            return
        if not card.other:
            yield Part(markdown=escape(words.opens))
        heading = self.text(GROUP_CLAUSE_TRANSLATED if translated else GROUP_CLAUSE)
        yield Part(kind=PartKind.SOURCES, markdown=f"{heading} {plain_lines(clause)}")

    def reasons(self, card: CaseCard) -> Iterable[str]:
        """Say the target groups on a case card, each with the answers it rests on."""
        return (f"{self.name(GroupName(one.programme, one.group))} ({self.name(one.answers)})" for one in card.groups)

    def _case(self, card: CaseCard) -> Iterable[str]:
        """Say all that staff are told of a case, a line each."""
        text, name = self.text, self.name
        if card.code:
            yield f"- **{text(CARD_TITLE, code=escape(card.code))}**"
        yield f"- {text(CARD_QUESTION)}: {verbatim(card.question)}".replace("\n", "\n  ")
        yield f"- {text(CARD_LANGUAGE)}: {name(LanguageName(card.lang))}"
        yield f"- {text(CARD_TOWN)}: {name(TownName(card.town))}"
        if card.topic in self.world.topics:
            yield f"- {text(CARD_TOPIC)}: {name(TopicName(card.topic))}"
        for reason in self.reasons(card):
            yield f"- {text(CARD_GROUP)}: {reason}"
        if card.contact:
            yield f"- {text(CARD_CONTACT)}: {escape(card.contact)}"
        if card.since:
            yield f"- {text(CARD_SINCE)}: {name(SaidMoment(card.since))}"

    def _office(self, place: Municipality, at: datetime) -> Iterable[Part]:
        """Say when somebody is there next, or until when they are; of hours that are not known, where to look."""
        hours = Hours.of(place.hours)
        if closes := hours.closing(at):
            yield Part(markdown=self.text(HOURS_OPEN_UNTIL, moment=self.name(SaidMoment(closes))))
        elif opens := hours.next_opening(at):
            yield Part(markdown=self.text(HOURS_OPENS, moment=self.name(SaidMoment(opens))))
        elif place.hours_web:
            yield Part(markdown=self.text(HOURS_LINK, link=f"[{host(place.hours_web)}]({place.hours_web})"))

    def _date(self, said: str) -> str:
        when = read_date(said)
        if when.first == when.last:
            return day(when.first, self.lang)
        return said if len(said) == YEAR else month(when.first, self.lang)

    def _answer_word(self, fact: str, value: str) -> str:
        words = self.world.inquiry.words[self.lang][fact]
        if value == "!":
            return words.instead
        if value in ("?", "-"):
            return self.text(LABEL_DONT_KNOW)
        if value in words.options:
            return words.options[value]
        if value in ("true", "false"):
            return self.text(LABEL_YES if value == "true" else LABEL_NO)
        return self._date(value)

    def _contacts(self, place: Municipality) -> Iterable[Part]:
        lines = [contact_line(contact, self.lang) for contact in place.contacts]
        heading = self.text(CONTACT, town=self.name(TownName(place.slug)))
        hours = self._hours(place)
        yield Part(markdown="\n\n".join([f"**{heading}**", "\n".join(f"- {line}" for line in lines), *hours]))
        sources = {(host(c.source), c.as_of): c.source for c in place.contacts}
        said = "; ".join(f"[{name}]({url}) ({self._as_of(as_of)})" for (name, as_of), url in sources.items())
        yield Part(kind=PartKind.SOURCES, markdown=f"{self.text(SOURCE)}: {said}")

    def _hours(self, place: Municipality) -> list[str]:
        if place.hours:
            names = weekdays(self.lang)
            spans = [f"- {names[i]} {', '.join(place.hours.get(d, ())) or self.text(CLOSED)}" for i, d in enumerate(DAYS)]
            return [self.text(OPENING_HOURS) + "\n\n" + "\n".join(spans)]
        if place.hours_web:
            return [self.text(HOURS_LINK, link=f"[{host(place.hours_web)}]({place.hours_web})")]
        return []


def shown_sources(sources: Sequence[Source]) -> list[Source]:
    """Take the first sources in the editor's order; if none of them has a date, the newest dated one takes the last place."""
    first = list(sources[:MAX_SOURCES])
    dated = [(source.as_of, source) for source in sources if source.as_of]
    if dated and not any(source.as_of for source in first):
        first[-1] = max(dated, key=lambda pair: pair[0])[1]
    return first


def verbatim(text: str, quoted: str = "") -> str:
    """Write what somebody wrote as they wrote it, line by line, below the beginning of what they replied to."""
    said = "\n\n".join(_broken(paragraph) for paragraph in escape(text).strip().split("\n\n") if paragraph.strip())
    if not quoted.strip():
        return said
    begin = " ".join(quoted.split())
    return f"*«{escape(begin[:QUOTED])}{'…' if len(begin) > QUOTED else ''}»*\n\n{said}"


def _broken(paragraph: str) -> str:
    return "\\\n".join(line.strip() for line in paragraph.strip().splitlines())


def plain_lines(text: str) -> str:
    """Write the lines of a quoted text, whose lists are the source's own, one after another."""
    return escape(" ".join(line.strip() for line in text.splitlines() if line.strip()))


def contact_line(contact: Contact, lang: str) -> str:
    """Name a contact with every public way to reach it."""
    ways = [
        *([phone_link(contact.phone)] if contact.phone else []),
        *([f"[{escape(contact.email)}](mailto:{contact.email})"] if contact.email else []),
        *([escape(contact.address)] if contact.address else []),
        *([f"[{host(contact.web)}]({contact.web})"] if contact.web else []),
    ]
    return f"{escape(contact.names[lang])}: {', '.join(ways)}"


def phone_link(number: str) -> str:
    """Write a phone number that a phone can call."""
    return f"[{phone(number)}](tel:{number})"


def speak_at_desk(tell: Tell, world: World, catalogs: Catalogs, now: datetime) -> Message:
    """Turn what staff are told into words, in the desk's language."""
    speaker = Speaker(world, catalogs, tell.lang, today_in_estonia(now))
    return Message(
        lang=tell.lang,
        parts=tuple(part for mark in tell.marks for part in speaker.parts(mark)),
        options=tuple(Option(id=c.id, label=speaker.label(c.label)) for c in tell.choices),
        topic=tell.topic,
        amends=tell.amends,
        file=tell.file,
    )


def speak(says: Sequence[Say], world: World, catalogs: Catalogs, now: datetime) -> list[Message]:
    """Turn the messages of one turn into words; all but the last say that more follows."""
    said = []
    for place, say in enumerate(says):
        speaker = Speaker(world, catalogs, say.lang, today_in_estonia(now))
        said.append(
            Message(
                lang=say.lang,
                parts=tuple(part for mark in say.marks for part in speaker.parts(mark)),
                options=tuple(Option(id=c.id, label=speaker.label(c.label)) for c in say.choices),
                topic=say.topic,
                passing=say.passing,
                end=place == len(says) - 1,
                amends=say.amends,
                file=say.file,
            )
        )
    return said
