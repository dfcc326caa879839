"""The rules for what a person writes, chooses and reacts with: what is looked at first, and whom a message is for.

Knows limits, commands and the order of these; not which rule holds where: that is `bot.core.conversation`'s.
"""

import re
from dataclasses import replace

from bot.core.answer import PERSON_TOPIC, answer_question, show_topic
from bot.core.calendar import estonian_day
from bot.core.cases import CaseStage
from bot.core.effects import Heard, Say, Step
from bot.core.events import Chose, Opened, Reacted, Said
from bot.core.fitting import read_about
from bot.core.handoff import hear_contact, hear_question, tell_status
from bot.core.interview import ask_again, read_after_detour, read_reply, shall_we_go_on
from bot.core.language import current_language, reply_language
from bot.core.options import change_language, follow, picked, settle_town, short
from bot.core.relay import alarm, hear_in_case, with_add
from bot.core.replies import greeting, plain, reply_to_act
from bot.core.safety import danger
from bot.core.state import Conversation, Stage
from bot.core.texts import EMPTY, NOTHING_TO_STOP, STALE_OPTION, TOO_LONG, UNKNOWN_COMMAND, Card, Text
from bot.core.world import World
from bot.search.confidence import Decision

MAX_CHARS = 4000
COMMANDS = {
    "menu": "menu", "help": "help", "person": f"topic:{PERSON_TOPIC}", "group": "group",
    "privacy": "privacy", "language": "language", "municipality": "town", "stop": "group:stop",
    "case": "case:status", "bot": "case:back", "cancel": "case:cancel", "mydata": "mydata", "forget": "forget",
}  # fmt: skip

_COMMAND = re.compile(r"[/!](\w{1,32})(?:@\w+)?(?:\s+(.{0,200}))?", re.DOTALL)


def open_up(event: Opened, state: Conversation, world: World) -> Step:
    """Greet, and go where a deep link (`kohtla-jarve_register-residence`) points; the operator's municipality stays."""
    lang = current_language(state, world)
    state = replace(state, stage=Stage.TALK)
    town, topic = _read_payload(event.payload, world)
    if town and not world.home:
        state = replace(state, town=town)
    hello = greeting(lang, world, public=state.public, known=bool(state.lang or state.hint))
    if topic:
        state, say = show_topic(topic, state, lang, estonian_day(event.at), world)
        return Step(state, (hello, say))
    return Step(state, (hello,))


def hear(event: Said, state: Conversation, world: World) -> Step:
    """Take a message: crisis first, then its length, commands, numbers and words of options, small acts, and the question."""
    crisis = danger(event.text, world)
    lang = current_language(state, world)
    if len(event.text) > MAX_CHARS:
        return _with_alarm(_with_card(Step(*plain(TOO_LONG, lang, state)), crisis), crisis, world)
    if not any(c.isalnum() for c in event.text):
        return Step(*plain(EMPTY, lang, state))
    if not crisis and (command := _COMMAND.fullmatch(event.text.strip())):
        return run_command(command[1].lower(), command[2] or "", event, state, world)
    if not crisis and (option := picked(event.text, state)):
        return choose(Chose(at=event.at, option=option), state, world)
    return ask(event, replace(state, turns=state.turns + 1), crisis, world)


def ask(event: Said, state: Conversation, crisis: str | None, world: World) -> Step:
    """Answer a small act, a municipality's name, or a question."""
    day = estonian_day(event.at)
    lang = current_language(state, world)
    if not crisis and (option := read_about(event.text, state, day, world)):
        return follow(option, state, lang, event.at, world) or Step(state)
    if not crisis and (turn := read_after_detour(event.text, state, lang, day, world)):
        return Step(*turn)
    reply = reply_language(event.text, state, world)
    if not crisis:
        if act := world.acts.find(event.text):
            return Step(*reply_to_act(act, reply, world))
        if town := world.places.find(event.text):
            lang = state.lang or state.hint or reply.lang  # a name is the weakest evidence of a language
            return settle_town(town, state, lang, event.at, world)
    return remember(event, Step(*answer_question(event.text, reply, crisis, day, world)), crisis, world)


def remember(event: Said, step: Step, crisis: str | None, world: World) -> Step:
    """Keep a question until the next one: the person may want to ask somebody else. In a case that waits, offer to add it."""
    state = step.state
    if state.public or not world.desks.receiving:
        return step
    case = state.case
    if state.topic != PERSON_TOPIC:
        # What a consent card showed is not the last question any more.
        kept = None if case and case.stage is CaseStage.OFFERED else case
        step = replace(step, state=replace(state, question=event.text, asked_at=event.at, case=kept))
        step = with_add(step) if case and case.stage is CaseStage.OPEN else step
    return _with_alarm(step, crisis, world)


def hear_town(event: Said, state: Conversation, world: World) -> Step:
    """While the municipality is asked for, read its name; anything else is an ordinary message."""
    if not picked(event.text, state) and (town := world.places.find(event.text)):
        return settle_town(town, state, current_language(state, world), event.at, world)
    return hear(event, state, world)


def hear_for_case(event: Said, state: Conversation, world: World) -> Step:
    """While the question for a person, or a way to reach the resident, is asked for, take a message as that."""
    other = picked(event.text, state) or _COMMAND.fullmatch(event.text.strip()) or danger(event.text, world) or state.has_case
    if other or len(event.text) > MAX_CHARS or not any(c.isalnum() for c in event.text):
        return hear(event, state, world)
    lang = current_language(state, world)
    return (hear_contact if state.stage is Stage.CONTACT else hear_question)(event, state, lang, world)


def hear_with_person(event: Said, state: Conversation, world: World) -> Step:
    """Bring a message to the person who has the case; only commands and the words of an option are for the bot."""
    text, crisis = event.text.strip(), danger(event.text, world)
    is_command = _COMMAND.fullmatch(text) and not crisis
    # A number is an answer to the person here, not a choice.
    is_option = picked(text, state) and not text[:1].isdecimal() and not crisis
    case = state.case
    fits = bool(text) and len(event.text) <= MAX_CHARS
    if case is None or is_command or is_option or not fits:
        return hear(event, state, world)
    return hear_in_case(event, case, state, crisis, world)


def hear_interview(event: Said, state: Conversation, world: World) -> Step:
    """While a question is open, read a reply to it; an ordinary question is answered, and then whether to go on is asked."""
    text, lang, day = event.text, current_language(state, world), estonian_day(event.at)
    is_option = bool(picked(text, state))
    other = is_option or len(text) > MAX_CHARS or _COMMAND.fullmatch(text.strip()) or danger(text, world)
    if not other and (turn := read_reply(text, state, lang, day, world)):
        return Step(*turn)
    step = hear(event, state, world)
    heard = next((effect for effect in step.effects if isinstance(effect, Heard)), None)
    if heard is None or heard.danger or is_option or state.fact not in world.inquiry.facts:
        return step
    if heard.decision == Decision.ABSTAIN and not world.acts.find(text):
        after, effects = ask_again(step.state, lang, day, world)
        return Step(after, (heard, *effects))
    *others, last = step.effects
    return replace(step, effects=(*others, shall_we_go_on(last) if isinstance(last, Say) else last))


def choose(event: Chose, state: Conversation, world: World) -> Step:
    """Follow an option, by id or by its number in the message shown last; an unknown one gets a kind word."""
    option = event.option.strip()
    if option.isdecimal() and 0 < int(option[:3]) <= len(state.options):
        option = state.options[int(option[:3]) - 1]
    option = next((shown for shown in state.options if short(shown) == option), option)
    lang = current_language(state, world)
    return follow(option, state, lang, event.at, world) or Step(*plain(STALE_OPTION, lang, state))


def run_command(name: str, argument: str, event: Said, state: Conversation, world: World) -> Step:
    """Run a command; the sign before it and its case do not matter."""
    lang = current_language(state, world)
    if name == "start":
        return open_up(Opened(at=event.at, payload=argument), state, world)
    if name == "municipality" and (town := world.places.find(argument)):
        return settle_town(town, state, lang, event.at, world)
    if name == "language" and argument.strip() in world.languages:
        return change_language(argument.strip(), state, world)
    if name == "stop" and state.stage is not Stage.INTERVIEW:
        return Step(*plain(NOTHING_TO_STOP, lang, replace(state, stage=Stage.TALK)))
    option = COMMANDS.get(name, "")
    found = follow(option, state, lang, event.at, world) if option else None
    if found is None and option.startswith("case:"):
        return tell_status(state, lang, event.at)
    return found or Step(state, (Say(lang=lang, marks=(Text(UNKNOWN_COMMAND, {"command": f"{event.text.strip()[:1]}{name}"}),)),))


def react(event: Reacted, state: Conversation, world: World) -> Step:
    """Read a keycap emoji as the number of an option; other reactions need no answer."""
    digit = event.emoji[:1]
    if event.emoji.endswith("\u20e3") and digit.isdecimal():
        return choose(Chose(at=event.at, option=digit), state, world)
    return Step(state)


# --- pieces ----------------------------------------------------------------------------------------------------------


def _read_payload(payload: str, world: World) -> tuple[str, str]:
    """Read `municipality_topic`, either of which may be missing; what does not exist is left out."""
    pieces = payload.strip().lower().split("_")
    town = next((piece for piece in pieces if piece in world.municipalities), "")
    topic = next((piece for piece in pieces if piece in world.topics), "")
    return town, topic


def _with_card(step: Step, crisis: str | None) -> Step:
    if not crisis:
        return step
    effects = tuple(
        replace(effect, marks=(Card(crisis), *effect.marks)) if isinstance(effect, Say) else
        replace(effect, danger=crisis) if isinstance(effect, Heard) else effect
        for effect in step.effects
    )  # fmt: skip
    return replace(step, effects=effects)


def _with_alarm(step: Step, crisis: str | None, world: World) -> Step:
    """Tell the staff who have a case of a danger that they will not read of, or not at once."""
    case = step.state.case
    if not crisis or case is None or not case.running:
        return step
    return replace(step, effects=(*step.effects, *alarm(case, world)))
