"""The router: the whole table, and what happens with every kind of message before a rule of its own speaks."""

from dataclasses import replace
from typing import get_args

import pytest

from bot.core.cases import Case, CaseStage
from bot.core.conversation import (
    decline_file,
    go_elsewhere,
    handle,
    hear_staff,
    miss,
    part,
    ring_clock,
    rule,
    slow_down,
    take_back,
    take_file,
)
from bot.core.effects import Count, Forget, Heard, Say, Step
from bot.core.events import (
    Chose,
    Event,
    Flooded,
    Left,
    NotDelivered,
    Opened,
    Rang,
    Reacted,
    Reported,
    Said,
    SentFile,
    StaffChose,
    StaffSaid,
    StaffSentFile,
    StaffWithdrew,
    Tried,
    Unreadable,
    Withdrew,
)
from bot.core.hearing import (
    MAX_CHARS,
    choose,
    hear,
    hear_for_case,
    hear_interview,
    hear_town,
    hear_with_person,
    open_up,
    react,
)
from bot.core.operators import report, try_desks
from bot.core.state import Conversation, Stage, to_json
from bot.core.texts import (
    ABSTAIN,
    ALSO_HERE,
    ASK_TOWN,
    CHOOSE_LANGUAGE,
    CHOOSE_TOWN,
    EMPTY,
    GREETING,
    HELP,
    LANGUAGE_CHANGED,
    MENU,
    ONLY_TEXT,
    SHELF,
    STALE_OPTION,
    TOO_FAST,
    TOO_LONG,
    UNKNOWN_COMMAND,
    UNREADABLE,
    Card,
    Text,
)
from bot.render.speak import speak
from bot.search.confidence import Decision
from tests.core.desks import desked
from tests.core.small import NOW, banded, chose, ids, others, say, says, sentences, small_world, told, walk
from tests.worlds import catalogs

ENGLISH = Conversation(lang="en", stage=Stage.TALK, town="narva")
EVERYWHERE = {
    Opened: open_up,
    Said: hear,
    Chose: choose,
    Reacted: react,
    SentFile: decline_file,
    Unreadable: miss,
    Flooded: slow_down,
    Withdrew: take_back,
    Left: part,
    StaffSaid: hear_staff,
    StaffChose: hear_staff,
    StaffSentFile: hear_staff,
    StaffWithdrew: hear_staff,
    Rang: ring_clock,
    NotDelivered: go_elsewhere,
    Tried: try_desks,
    Reported: report,
}
STAGES = {
    (Stage.TOWN, Said): hear_town,
    (Stage.INTERVIEW, Said): hear_interview,
    (Stage.QUESTION, Said): hear_for_case,
    (Stage.CONTACT, Said): hear_for_case,
}
CASES = {
    (CaseStage.OPEN, SentFile): take_file,
    (CaseStage.CLAIMED, Said): hear_with_person,
    (CaseStage.CLAIMED, SentFile): take_file,
    (CaseStage.WAITING, Said): hear_with_person,
    (CaseStage.WAITING, SentFile): take_file,
}


def test_the_table_is_total() -> None:
    """Every stage has a rule for every kind of event, and it is this one."""
    table = {(stage, kind): STAGES.get((stage, kind), EVERYWHERE.get(kind)) for stage in Stage for kind in get_args(Event)}
    assert {(stage, kind): rule(stage, kind) for stage in Stage for kind in get_args(Event)} == table


@pytest.mark.parametrize("stage", list(Stage))
def test_a_case_counts_before_the_stage(stage: Stage) -> None:
    """What a person who has a case writes and sends is for staff from the moment they have it; all else is as without one."""
    for where in CaseStage:
        case = Case(stage=where, lang="en", town="narva", desks=("narva/telegram",))
        for kind in get_args(Event):
            assert rule(stage, kind, case) == CASES.get((where, kind), rule(stage, kind))


# --- commands ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("start", GREETING),
        ("menu", MENU),
        ("help", HELP),
        ("language", CHOOSE_LANGUAGE),
        ("language xx", CHOOSE_LANGUAGE),
        ("language ru", LANGUAGE_CHANGED),
        ("municipality", ASK_TOWN),
        ("person", "municipal-contact"),
        ("group", "target-groups"),
        ("privacy", "privacy"),
    ],
)
@pytest.mark.parametrize("spelling", ["/{}", "!{}", "  /{}\n", "/{name}@teejuht_bot{rest}"])
def test_commands_in_every_spelling(command: str, answer: str, spelling: str) -> None:
    """Commands work with a slash or an exclamation mark, with the bot's name, and wherever the conversation stands."""
    name, _, rest = command.partition(" ")
    typed = spelling.format(command, name=name, rest=f" {rest}" if rest else "")
    for state in (ENGLISH, replace(ENGLISH, stage=Stage.NEW), replace(ENGLISH, stage=Stage.TOWN)):
        message = say(told(typed, state))
        assert answer in (*sentences(message), message.topic)


def test_capitals_do_not_matter() -> None:
    """A phone that begins with a capital letter is understood."""
    assert sentences(say(told("/MENU", ENGLISH))) == sentences(say(told("!Menu", ENGLISH))) == (MENU,)


@pytest.mark.parametrize(
    ("typed", "command"), [("/foo", "/foo"), ("!Foo bar", "!foo"), ("/насвай", "/насвай"), (f"/{'a' * 32}", f"/{'a' * 32}")]
)
def test_an_unknown_command_is_named(typed: str, command: str) -> None:
    """What is no command is said back, so that a slip can be seen."""
    assert say(told(typed, ENGLISH)).marks == (Text(UNKNOWN_COMMAND, {"command": command}),)


@pytest.mark.parametrize("command", ["privacy", "group", "person"])
def test_a_command_without_its_topic_is_unknown(command: str) -> None:
    """A command whose topic the knowledge does not have is answered as an unknown one."""
    world = replace(small_world(), topics={"school": small_world().topics["school"]})
    assert sentences(say(told(f"/{command}", ENGLISH, world))) == (UNKNOWN_COMMAND,)


@pytest.mark.parametrize("text", ["/ school", "//school", "/menu-card school", f"/{'a' * 33}", "school /menu", "/école! school"])
def test_what_only_looks_like_a_command_is_a_question(text: str) -> None:
    """A slash alone makes no command."""
    (heard,) = others(told(text, ENGLISH, banded(Decision.ABSTAIN)))
    assert isinstance(heard, Heard)
    assert not {MENU, UNKNOWN_COMMAND} & {*sentences(say(told(text, ENGLISH, banded(Decision.ABSTAIN))))}


# --- messages that are no question ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "\n\t", "?", "...", "😀", "👍🏽👍🏽", "🇪🇪", "/", "!", "❤️", "\u200b", "—", "\x00"])
def test_a_message_without_words(text: str) -> None:
    """Empty messages, signs and emoji are asked to come in words, and are not searched."""
    step = told(text, ENGLISH, banded(Decision.ANSWER))
    assert (sentences(say(step)), ids(say(step).choices)) == ((EMPTY,), ("menu", "topic:municipal-contact"))
    assert step.state.turns == 0


@pytest.mark.parametrize("text", ["a" * (MAX_CHARS + 1), "school " * 15_000, "!" * 100_000, "/" + "a" * 100_000, "1" * 100_000])
def test_a_message_too_long_is_not_read(text: str) -> None:
    """More than MAX_CHARS characters, 100 kB of them or one too many, are asked to be shortened."""
    assert sentences(say(told(text, ENGLISH, banded(Decision.ANSWER)))) == (TOO_LONG,)


def test_a_long_message_is_read() -> None:
    """A message of exactly MAX_CHARS characters is a question."""
    assert say(told("school ".ljust(MAX_CHARS, "."), ENGLISH, banded(Decision.ANSWER))).topic == "school"


def test_a_crisis_in_a_message_too_long_gets_its_card() -> None:
    """The card stands above the request to be short, and the crisis is told to those who count."""
    step = told(f"kill myself {'.' * MAX_CHARS}", ENGLISH)
    assert say(step).marks == (Card("suicide"), Text(TOO_LONG))
    assert others(step) == (Heard(lang="en", decision=Decision.ABSTAIN, danger="suicide"),)


@pytest.mark.parametrize("kind", ["photo", "voice", "sticker", "location", "contact", "x" * 10_000])
def test_a_file_is_declined(kind: str) -> None:
    """Whatever is not text is answered with what the bot can read."""
    step = told(SentFile(at=NOW, kind=kind), ENGLISH)
    assert (sentences(say(step)), ids(say(step).choices)) == ((ONLY_TEXT,), ("menu", "topic:municipal-contact"))


def test_a_deleted_message_needs_no_answer() -> None:
    """A withdrawn message changes nothing."""
    asked = told("tere", ENGLISH).state
    assert told(Withdrew(at=NOW), asked) == Step(asked)


def test_nothing_is_remembered_of_a_deleted_message() -> None:
    """The question goes, which waits where somebody could be asked; of all else not a word was kept when it was answered."""
    for world, kept in ((banded(Decision.ANSWER), ""), (desked(), "where is the school of my daughter Leelo")):
        answered = told("where is the school of my daughter Leelo", ENGLISH, world).state
        after = told(Withdrew(at=NOW, message="m"), answered).state
        assert (answered.question, after.question, after.asked_at) == (kept, "", None)
        assert after == replace(answered, question="", asked_at=None)
    assert not {"daughter", "leelo", "where"} & set(str(to_json(after)).lower().replace("'", " ").split())


# --- what could not be decrypted --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [ENGLISH, replace(ENGLISH, lang="", hint="ru"), replace(ENGLISH, lang="et", hint="ru")])
def test_what_could_not_be_decrypted_is_asked_for_again(state: Conversation) -> None:
    """In the conversation's language or the platform's; it is counted, and nothing else changes."""
    menu = told("/menu", state).state
    step = told(Unreadable(at=NOW, message="m"), menu)
    assert (say(step).lang, say(step).marks) == (menu.lang or menu.hint, (Text(UNREADABLE),))
    assert others(step) == (Count(what="unreadable"),)
    assert step.state == menu


def test_what_could_not_be_decrypted_is_asked_for_in_every_language() -> None:
    """As long as nobody knows which one the person reads; a hint of the platform tells it."""
    step = told(Unreadable(at=NOW), Conversation())
    assert say(step).marks == tuple(Text(UNREADABLE, lang=lang) for lang in ("et", "ru", "en"))
    assert step.state == Conversation()
    hinted = told(Unreadable(at=NOW, hint="en-GB"), Conversation())
    assert (say(hinted).lang, say(hinted).marks) == ("en", (Text(UNREADABLE),))


@pytest.mark.parametrize("stage", list(Stage))
def test_the_stage_outlives_what_could_not_be_decrypted(stage: Stage) -> None:
    """What was asked is still asked, and what was shown can still be chosen, by number and by words."""
    state = replace(ENGLISH, stage=stage, options=("menu", "help"), labels=("Menu", "Help"), pending="")
    after = told(Unreadable(at=NOW), state).state
    assert after == state
    assert told("2", after) == told("2", state)


def test_who_leaves_is_forgotten() -> None:
    """After the person left, nothing is remembered and everything kept is to be deleted."""
    step = told(Left(at=NOW), told("school", ENGLISH).state)
    assert (step.state, step.effects) == (Conversation(), (Forget(),))


def test_an_edited_message_is_answered_anew() -> None:
    """What a message says now is answered like a new one."""
    edited = Said(at=NOW, text="library", edited=True)
    assert say(told(edited, ENGLISH, banded(Decision.ANSWER))).topic == "library"


def test_a_second_opening_keeps_what_is_known() -> None:
    """Opening the conversation again greets again; language and municipality stay."""
    step = told(Opened(at=NOW, hint="ru"), replace(ENGLISH, stage=Stage.TOWN, pending="topic:school"))
    assert (sentences(say(step)), say(step).lang) == ((GREETING,), "en")
    assert (step.state.town, step.state.stage, step.state.pending) == ("narva", Stage.TALK, "")


# --- options ----------------------------------------------------------------------------------------------------------


def test_whose_language_nobody_knows_is_greeted_in_each() -> None:
    """The greeting in one of them, and a sentence in the others; who is known, or chose, reads no other language."""
    first, *others = small_world().languages
    marks = say(told(Opened(at=NOW), Conversation())).marks
    assert [mark.id for mark in marks if isinstance(mark, Text)] == [GREETING, *[ALSO_HERE] * len(others)]
    assert [mark.lang for mark in marks if isinstance(mark, Text)] == [None, *others]
    assert sentences(say(told(Opened(at=NOW, hint=others[0]), Conversation()))) == (GREETING,)
    assert sentences(say(told(Opened(at=NOW), Conversation(lang=first)))) == (GREETING,)


def test_the_options_shown_last_are_remembered() -> None:
    """Numbers belong to the last message with options, and to the last message of a turn."""
    step = told(Opened(at=NOW, payload="school"), Conversation())
    assert step.state.options == ids(says(step)[1].choices)
    assert told(Withdrew(at=NOW), step.state).state.options == step.state.options


@pytest.mark.parametrize("typed", ["2", " 2 ", "2.", "2)", "٢", "02", "2\ufe0f\u20e3", "2\u20e3", " 2\ufe0f\u20e3. ", "0️⃣2️⃣"])
def test_a_number_is_an_option(typed: str) -> None:
    """The number of an option does what its button does."""
    menu = told("/menu", ENGLISH).state
    expected = say(told(chose("menu:status"), menu))
    assert say(told(typed, menu)) == expected
    assert sentences(expected) == (SHELF,)


@pytest.mark.parametrize("typed", ["0", "8", "99", "112", "-1", "2 3", "1.5", "9\ufe0f\u20e3", f"1{' ' * 300}"])
def test_another_number_is_a_question(typed: str) -> None:
    """A number that no option has, or that is more than a number, is searched like any message."""
    menu = told("/menu", ENGLISH).state
    assert len(menu.options) == 7
    assert sentences(say(told(typed, menu, banded(Decision.ABSTAIN)))) == (ABSTAIN,)


# --- words of options -------------------------------------------------------------------------------------------------


def labelled(*labels: str, state: Conversation | None = None) -> Conversation:
    """Give a conversation whose last message was the menu, with these words on its first options."""
    menu = told("/menu", state or ENGLISH).state
    return replace(menu, labels=(*labels, *(f"shelf {n}" for n in range(len(menu.options) - len(labels)))))


@pytest.mark.parametrize("typed", ["Kool ja õpe", "kool JA õpe", "  kool   ja\n õpe ", "„Kool ja õpe!“", "(kool ja o\u0303pe)"])
def test_the_words_of_an_option_are_the_option(typed: str) -> None:
    """Whoever types what stands on an option chooses it, whatever the case, the spaces and the signs around it."""
    menu = labelled("Muu", "Kool ja õpe")
    assert told(typed, menu) == told("2", menu)
    assert sentences(say(told(typed, menu))) == (SHELF,)


@pytest.mark.parametrize("typed", ["kool", "kool ja õpe 2", "kool, ja õpe", "ja", f"kool ja õpe{'!' * 300}"])
def test_other_words_are_a_question(typed: str) -> None:
    """A part of what stands on an option, or more than it, is searched like any message."""
    (heard,) = others(told(typed, labelled("Muu", "Kool ja õpe"), banded(Decision.ABSTAIN)))
    assert isinstance(heard, Heard)


def test_words_that_stand_on_two_options_choose_none() -> None:
    """What could mean either is a question, unless a number tells which."""
    menu = labelled("More", "more!")
    assert others(told("more", menu, banded(Decision.ABSTAIN))) != others(told("2", menu))
    assert sentences(say(told("2", menu))) == (SHELF,)


def test_a_number_counts_before_the_words() -> None:
    """Where a number stands on an option, the options are still counted from the first."""
    menu = labelled("2", "1")
    assert told("1", menu).effects == told(chose(menu.options[0]), menu).effects


def test_a_crisis_in_the_words_of_an_option_is_a_crisis() -> None:
    """The card comes first, also for who only repeats what they read."""
    step = told("kill myself", labelled("Kill myself"))
    assert say(step).marks[0] == Card("suicide")


def test_a_command_in_the_words_of_an_option_is_a_command() -> None:
    """Commands mean the same everywhere."""
    assert sentences(say(told("/menu", labelled("/menu")))) == (MENU,)


def test_the_words_go_with_their_options() -> None:
    """Words of an older message choose nothing once other options are shown; silence changes nothing."""
    menu = labelled("Kool")
    assert told(Reacted(at=NOW, emoji="👍"), menu).state.labels == menu.labels
    assert told("tere", menu).state.labels == ()
    assert told(Left(at=NOW), menu).state.labels == ()


def test_the_words_of_an_option_name_a_municipality() -> None:
    """While a municipality is asked for, what stands on an option counts before what a name is like."""
    asked = told("/municipality", ENGLISH).state
    counties = replace(asked, labels=tuple(id.partition(":")[2] or id for id in asked.options))
    assert counties.stage is Stage.TOWN
    assert sentences(say(told("Tartu maakond", counties))) == (CHOOSE_TOWN,)
    assert told("Narva", counties).state.town == "narva"


@pytest.mark.parametrize(
    "option",
    ["", " ", "gone", "topic:", "topic:gone", "not:gone", "lang:fi", "lang:", "0", "8", "999999", "9" * 100_000, "²", "-1",
     "topic:school:1", "x" * 100_000, "MENU", "{menu}", "\x00", "1 "],
    ids=lambda option: option[:12],
)  # fmt: skip
def test_an_option_that_is_not_there(option: str) -> None:
    """An old, mistyped or forged option gets a kind word and the ways out."""
    message = say(told(chose(option), ENGLISH))
    assert (sentences(message), ids(message.choices)) == ((STALE_OPTION,), ("menu", "topic:municipal-contact"))


def test_a_channel_may_choose_by_number() -> None:
    """An option's number, as some channels hand it in, does what its id does; one too high is stale."""
    menu = told("/menu", ENGLISH).state
    by_number = [told(chose(number), menu).effects for number in range(1, len(menu.options) + 1)]
    assert by_number == [told(chose(id), menu).effects for id in menu.options]
    assert sentences(say(told(chose("08"), menu))) == (STALE_OPTION,)


@pytest.mark.parametrize(("emoji", "number"), [("1\ufe0f\u20e3", 1), ("2\u20e3", 2), ("7\ufe0f\u20e3", 7)])
def test_a_keycap_is_a_number(emoji: str, number: int) -> None:
    """A reaction with a keycap emoji chooses the option of that number."""
    menu = told("/menu", ENGLISH).state
    assert told(Reacted(at=NOW, emoji=emoji), menu) == told(chose(number), menu)


@pytest.mark.parametrize("emoji", ["👍", "❤️", "#\ufe0f\u20e3", "*\ufe0f\u20e3", "\u20e3", "", "1", "🔟", "x" * 10_000])
def test_another_reaction_needs_no_answer(emoji: str) -> None:
    """Thumbs and hearts are left alone."""
    menu = told("/menu", ENGLISH).state
    step = told(Reacted(at=NOW, emoji=emoji), menu)
    assert (step.state, step.effects) == (menu, ())


def test_a_county_from_an_older_message_still_works() -> None:
    """Buttons work long after their message; a municipality chosen then is kept."""
    step = told(chose("county:Lääne maakond"), ENGLISH)
    assert sentences(say(step)) == (CHOOSE_TOWN,)
    assert told(chose("town:vormsi"), step.state).state.town == "vormsi"


# --- too much at once -------------------------------------------------------------------------------------------------


def test_who_sends_too_much_is_told_once_when_to_go_on() -> None:
    """One sentence without options, and the numbers of those shown before still lead where they did."""
    before = walk(["school"], banded(Decision.ANSWER), ENGLISH).state
    step = handle(Flooded(at=NOW), before, banded(Decision.ANSWER))
    assert step == Step(before, (Count(what="flooded", lang="en"), Say(lang="en", marks=(Text(TOO_FAST),))))
    assert before.options


def test_it_is_said_in_every_language_to_somebody_who_has_not_spoken_yet() -> None:
    """What the platform tells of a person's language counts."""
    step = handle(Flooded(at=NOW), Conversation(), small_world())
    assert say(step).marks == tuple(Text(TOO_FAST, lang=lang) for lang in small_world().languages)
    assert say(handle(Flooded(at=NOW, hint="ru"), Conversation(), small_world())).marks == (Text(TOO_FAST),)


@pytest.mark.parametrize("lang", small_world().languages)
def test_it_names_the_emergency_number(lang: str) -> None:
    """Who writes in fear may write many short messages."""
    (message,) = speak([Say(lang=lang, marks=(Text(TOO_FAST),))], small_world(), catalogs(), NOW)
    assert "112" in message.parts[0].markdown
