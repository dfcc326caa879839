"""A person's own data: what is kept of them as a file, and forgetting it. Says what cannot be reached from here."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.core import cases
from bot.core import state as states
from bot.core.answer import DATA_CHOICE, FORGET_CHOICE, MENU_CHOICE, PRIVACY_TOPIC, show_topic
from bot.core.calendar import estonian_day
from bot.core.case_texts import (
    FORGET_ASK,
    FORGOTTEN,
    LABEL_FORGET,
    LABEL_KEEP,
    MY_DATA,
    PRIVACY_MORE,
)
from bot.core.effects import Choice, Forget, Say, Step
from bot.core.events import File
from bot.core.handoff import leave
from bot.core.state import Conversation
from bot.core.texts import Contacts, Literal, Mark, OperatorName, SaidMoment, Text
from bot.core.world import World


def follow_privacy(option: str, state: Conversation, lang: str, at: datetime, world: World) -> Step | None:
    """Do what an option about the person's own data says; None if it is none of these."""
    match option:
        case "privacy" if PRIVACY_TOPIC in world.topics:
            return tell_privacy(state, lang, at, world)
        case "mydata":
            return give_data(state, lang, at)
        case "forget":
            return Step(state, (Say(lang=lang, marks=(Text(FORGET_ASK),), choices=(_sure(), DATA_CHOICE, _keep())),))
        case "forget:yes":
            return forget(state, lang, at, world)
    return None


def tell_privacy(state: Conversation, lang: str, at: datetime, world: World) -> Step:
    """Say who answers for the data, why and how long it is kept, who else sees it, and what the person can do about it."""
    after, say = show_topic(PRIVACY_TOPIC, state, lang, estonian_day(at), world)
    keeping = world.keeping
    more = Text(
        PRIVACY_MORE,
        {
            "operator": OperatorName(world.home),
            "conversations": Literal(str(keeping.conversations)),
            "cases": Literal(str(keeping.cases)),
            "deeds": Literal(str(keeping.deeds)),
        },
    )
    whom: tuple[Mark, ...] = (Contacts(world.home),) if world.home else ()
    return Step(after, (replace(say, marks=(more, *whom, *say.marks)),))


def give_data(state: Conversation, lang: str, at: datetime) -> Step:
    """Give everything that is kept of the conversation, as a file; what staff note, and who they are, is theirs."""
    kept = states.to_json(state) | ({"question": state.question} if state.question else {})
    if state.case:
        kept["case"] = _of_person(cases.to_json(state.case))
    earlier = [_of_person(record) for record in state.earlier() if record.get("number") != (state.case and state.case.number)]
    text = json.dumps({"at": at.isoformat(), "conversation": kept, "earlier_cases": earlier}, ensure_ascii=False, indent=2)
    file = File(name="teejuht.json", media_type="application/json", size=len(text.encode()), ref=text)
    return Step(state, (Say(lang=lang, marks=(Text(MY_DATA),), choices=(FORGET_CHOICE, MENU_CHOICE), file=file),))


def _of_person(record: Mapping[str, object]) -> dict[str, object]:
    kept = cases.from_json(record)
    lines = tuple(replace(line, name="") for line in kept.lines if line.who is not cases.Who.NOTE)
    return cases.to_json(replace(kept, holder="", holder_name="", lines=lines))


def forget(state: Conversation, lang: str, at: datetime, world: World) -> Step:
    """Forget the person, tell the desk that has their case, and say what is gone and what is out of reach."""
    say = Say(lang=lang, marks=(Text(FORGOTTEN, {"moment": SaidMoment(at)}),))
    return Step(Conversation(), (*leave(state, at, world), Forget(), say))


def _sure() -> Choice:
    return Choice("forget:yes", Text(LABEL_FORGET))


def _keep() -> Choice:
    return Choice("menu", Text(LABEL_KEEP))
