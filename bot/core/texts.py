"""Every sentence the bot says, as marks for translation.

A mark names a sentence and what goes into its places; `bot.render` turns marks into words. The words stand in locales/.
A comment that begins with "Translators:" reaches the catalogs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias


def N_(id: str) -> str:
    """Mark a message id for extraction; gives it back unchanged."""
    return id


@dataclass(frozen=True, slots=True)
class TopicName:
    """A topic's title in the reader's language."""

    topic: str


@dataclass(frozen=True, slots=True)
class VariantName:
    """Whom a topic's variant is for, in the reader's language and the first person."""

    topic: str
    variant: str


@dataclass(frozen=True, slots=True)
class CategoryName:
    """A category's name in the reader's language."""

    category: str


@dataclass(frozen=True, slots=True)
class TownName:
    """A municipality's name in the reader's language."""

    slug: str


@dataclass(frozen=True, slots=True)
class CountyName:
    """A county's name in the reader's language, known by the one in the first language."""

    county: str


@dataclass(frozen=True, slots=True)
class OperatorName:
    """Who runs the bot: the municipality that the operator fixed; None where none is."""

    slug: str | None


@dataclass(frozen=True, slots=True)
class Literal:
    """Something that is the same in every language: a year."""

    text: str


@dataclass(frozen=True, slots=True)
class MonthName:
    """A month by itself, 1 to 12."""

    number: int


@dataclass(frozen=True, slots=True)
class SaidMoment:
    """A moment as the reader's language writes it, by the clock in Estonia."""

    at: datetime


@dataclass(frozen=True, slots=True)
class LanguageName:
    """A language's name in the reader's language."""

    lang: str


@dataclass(frozen=True, slots=True)
class SaidDate:
    """A date as the reader's language writes it: `2024`, `2024-03` or `2024-03-05`."""

    date: str


@dataclass(frozen=True, slots=True)
class FactLabel:
    """What a fact is called in a list of answers."""

    fact: str


@dataclass(frozen=True, slots=True)
class FactAnswer:
    """An answer to a fact, as it is kept (`eu`, `true`, `2024-03`, `?`); `!`: what was answered instead."""

    fact: str
    value: str


@dataclass(frozen=True, slots=True)
class GroupName:
    """A target group's name to a resident."""

    programme: str
    group: str


@dataclass(frozen=True, slots=True)
class ProgrammeName:
    """A programme's name."""

    programme: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Names one after another: `a, b`."""

    names: tuple["Name", ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Answers in a list: `label: answer; label: answer`."""

    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence of the bot; `lang` says it in that language whatever the message's is. Strings in `args` are literal."""

    id: str
    args: Mapping[str, "Name | str"] = field(default_factory=dict)
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A topic's answer with its sources and dates and what the municipality adds; or what is different in a variant."""

    topic: str
    town: str | None
    variant: str = ""
    below: bool = False
    """The variant stands below the topic's answer: without the title and sources that are there already."""


@dataclass(frozen=True, slots=True)
class Contacts:
    """A municipality's public contact and opening hours."""

    town: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """The emergency card of a situation."""

    situation: str


@dataclass(frozen=True, slots=True)
class Question:
    """The question of a fact."""

    fact: str


@dataclass(frozen=True, slots=True)
class FactHelp:
    """Why a fact is asked, and where to find the answer."""

    fact: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """That two answers hardly go together."""

    id: str


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A target group: who that is, what was answered or is missing, when it begins or ends, what it opens, clause and source."""

    programme: str
    group: str
    notes: tuple[Text, ...] = ()
    brief: bool = False
    """Only its name and the notes: the person does not belong to it yet."""
    other: bool = False
    """It is about another person: nothing in it may say "you"."""


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody wrote, as they wrote it; `quoted` is what they replied to."""

    text: str
    quoted: str = ""


@dataclass(frozen=True, slots=True)
class GroupReason:
    """A target group that a person likely belongs to, and the answers that it rests on."""

    programme: str
    group: str
    answers: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCard:
    """All that staff are told of a case when it comes; the resident is shown the same before they agree.

    `code` is empty until there is one; `since`: when the person agreed; `lang`: the resident's language.
    """

    code: str
    town: str
    lang: str
    question: str
    topic: str = ""
    groups: tuple[GroupReason, ...] = ()
    contact: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """When a municipality's office is open next, or until when it is open now; where that is not known, where to look."""

    town: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ProgrammeSource:
    """Where a programme's clauses stand."""

    programme: str


Name: TypeAlias = (
    TopicName | VariantName | CategoryName | TownName | CountyName | OperatorName | Literal | MonthName | SaidDate | FactLabel
    | FactAnswer | GroupName | ProgrammeName | Listed | Told | SaidMoment | LanguageName
)  # fmt: skip
Mark: TypeAlias = (
    Text | Answer | Contacts | Card | Question | FactHelp | Contradiction | GroupCard | ProgrammeSource | Words | CaseCard
    | OfficeHours
)  # fmt: skip
Label: TypeAlias = Text | Name

# Translators: the first message. {operator} is the body that runs the bot, such as "Kohtla-Järve City Government".
GREETING = N_("greeting")
# Translators: the answer to "are you a bot?".
WHO_I_AM = N_("who_i_am")
# Translators: stands for {operator} where no municipality runs the bot, as on an editor's own machine.
NO_OPERATOR = N_("no_operator")
HELP = N_("help")
HELLO = N_("hello")
THANKS = N_("thanks")
FAREWELL = N_("farewell")
HOW_ARE_YOU = N_("how_are_you")
JOKE = N_("joke")
ABUSE = N_("abuse")

EMPTY = N_("empty")
TOO_LONG = N_("too_long")
ONLY_TEXT = N_("only_text")
# Translators: above the answer to what was written to a photo or another file.
ONLY_CAPTION = N_("only_caption")
# Translators: the answer to /stop when no questions are being asked.
NOTHING_TO_STOP = N_("nothing_to_stop")
# Translators: to somebody whose language is not known, below the greeting in another one.
ALSO_HERE = N_("also_here")
# Translators: the greeting in a group, where others read along. {operator} as above.
PUBLIC_GREETING = N_("public_greeting")
# Translators: in a group, in place of questions about the person; a button to a private chat follows.
PRIVATE_ONLY = N_("private_only")
# Translators: {command} is what the person typed, such as /foo.
UNKNOWN_COMMAND = N_("unknown_command")
STALE_OPTION = N_("stale_option")
# Translators: the answer to an encrypted message that could not be decrypted. Where the language is not known it is said in each.
UNREADABLE = N_("unreadable")
# Translators: once to somebody who sends very many messages at once. Where the language is not known it is said in each.
TOO_FAST = N_("too_fast")
# Translators: below that, to somebody whose question staff have.
TOO_FAST_CASE = N_("too_fast_case")
APOLOGY = N_("apology")

CLARIFY = N_("clarify")
# Translators: above an answer, when the message goes on with the question before it. {topic} is the answer's title.
STILL_ABOUT = N_("still_about")
# Translators: below an answer, when the message asked other things too; their buttons follow.
ALSO_ASKED = N_("also_asked")
ABSTAIN = N_("abstain")
NOT_MEANT = N_("not_meant")
NOT_MEANT_AGAIN = N_("not_meant_again")

# Translators: said in the new language after the person changed it.
LANGUAGE_CHANGED = N_("language_changed")
CHOOSE_LANGUAGE = N_("choose_language")
# Translators: said in the language that the person seems to write, below an answer in another one.
OFFER_LANGUAGE = N_("offer_language")
# Translators: one line that says that the bot speaks your language; shown to people who write in a language it does not speak.
I_SPEAK = N_("i_speak")
# Translators: to a person who writes Ukrainian, in Ukrainian-friendly plain Russian and in the other languages.
UKRAINIAN = N_("ukrainian")

MENU = N_("menu")
SHELF = N_("shelf")
ASK_TOWN = N_("ask_town")
TOWN_CHOSEN = N_("town_chosen")
TOWN_NATIONAL = N_("town_national")
CHOOSE_TOWN = N_("choose_town")

# Labels of options
LABEL_MENU = N_("label_menu")
LABEL_PERSON = N_("label_person")
LABEL_LANGUAGE = N_("label_language")
LABEL_TOWN = N_("label_town")
LABEL_TOWN_HERE = N_("label_town_here")
LABEL_NO_TOWN = N_("label_no_town")
LABEL_NOT_MEANT = N_("label_not_meant")
LABEL_NONE = N_("label_none")
LABEL_BACK = N_("label_back")
LABEL_MORE = N_("label_more")
LABEL_GROUP = N_("label_group")
LABEL_PRIVATE = N_("label_private")
# Translators: the language's own name as a button: "Eesti keeles", "По-русски", "In English".
LABEL_THIS_LANGUAGE = N_("label_this_language")

# Pieces of an answer, used by render
SOURCE = N_("source")
# Translators: {date} is the day the source speaks for.
AS_OF = N_("as_of")
UNDATED = N_("undated")
DESK_WORDS = N_("desk_words")
DUE_FOR_REVIEW = N_("due_for_review")
CURRENT_VALUE = N_("current_value")
IN_TOWN = N_("in_town")
CONTACT = N_("contact")
OPENING_HOURS = N_("opening_hours")
# Translators: {link} is the page with the opening hours.
HOURS_LINK = N_("hours_link")
CLOSED = N_("closed")
ADVICE_IN_CRISIS = N_("advice_in_crisis")

# The guided dialogue
GROUP_START = N_("group_start")
GROUP_OTHER = N_("group_other")
# Translators: {count} is a figure.
GROUP_LEFT = N_("group_left")
GROUP_WHY = N_("group_why")
GROUP_WHERE = N_("group_where")
# Translators: {label} is a fact such as Citizenship, {answer} what was understood.
GROUP_READ = N_("group_read")
GROUP_NOT_READ = N_("group_not_read")
GROUP_WHICH_MONTH = N_("group_which_month")
GROUP_WHICH_DAY = N_("group_which_day")
GROUP_DATE_HOW = N_("group_date_how")
GROUP_GO_ON = N_("group_go_on")
GROUP_STOPPED = N_("group_stopped")
GROUP_CHANGE = N_("group_change")
GROUP_NOTHING_YET = N_("group_nothing_yet")
GROUP_RESULT = N_("group_result")
GROUP_RESULT_OTHER = N_("group_result_other")
GROUP_RESULT_MAYBE = N_("group_result_maybe")
GROUP_RESULT_NONE = N_("group_result_none")
# Translators: {answers} is a list such as "Citizenship: Another country; ...".
GROUP_ANSWERS = N_("group_answers")
# Translators: {facts} is a list of facts.
GROUP_MISSING = N_("group_missing")
GROUP_UNTIL = N_("group_until")
GROUP_FROM = N_("group_from")
GROUP_PERHAPS_UNTIL = N_("group_perhaps_until")
GROUP_PERHAPS_FROM = N_("group_perhaps_from")
GROUP_CLAUSE = N_("group_clause")
GROUP_CLAUSE_TRANSLATED = N_("group_clause_translated")
GROUP_AUTHORITY = N_("group_authority")
GROUP_PROGRAMME = N_("group_programme")
GROUP_ENDS_SOON = N_("group_ends_soon")
GROUP_ENDED = N_("group_ended")
GROUP_NOT_BEGUN = N_("group_not_begun")
GROUP_NO_PARTNER = N_("group_no_partner")
GROUP_ASK_TOWN = N_("group_ask_town")
# Translators: of a programme that has ended and was asked for all the same.
GROUP_OVER = N_("group_over")
# Translators: above the part of an answer that is meant for this person. {answers} is a list such as "Citizenship: Estonia; ...".
TOPIC_BECAUSE = N_("topic_because")
# Translators: below an answer; a question and buttons follow.
TOPIC_DEPENDS = N_("topic_depends")
# Translators: below an answer; a button for each kind of people follows.
TOPIC_WHICH = N_("topic_which")
# Translators: after the person's answer, where nothing differs for them.
TOPIC_GENERAL = N_("topic_general")
LABEL_YES = N_("label_yes")
LABEL_NO = N_("label_no")
LABEL_DONT_KNOW = N_("label_dont_know")
LABEL_RATHER_NOT = N_("label_rather_not")
LABEL_WHY = N_("label_why")
LABEL_STOP = N_("label_stop")
LABEL_GO_ON = N_("label_go_on")
LABEL_EARLIER = N_("label_earlier")
LABEL_MONTH_UNKNOWN = N_("label_month_unknown")
LABEL_DAY_UNKNOWN = N_("label_day_unknown")
LABEL_CHANGE = N_("label_change")
LABEL_AGAIN = N_("label_again")
LABEL_OTHER_PERSON = N_("label_other_person")
LABEL_OWN_RESULT = N_("label_own_result")
LABEL_FIND_GROUP = N_("label_find_group")
