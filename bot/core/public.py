"""Where others read along (groups, rooms): topics are answered, nothing about a person is asked or kept.

For that, a private chat is offered.
"""

from dataclasses import replace

from bot.core.effects import Choice, Effect, Say, Step
from bot.core.state import Conversation, Stage
from bot.core.texts import ASK_TOWN, LABEL_PRIVATE, PRIVATE_ONLY, Text
from bot.core.world import World

PRIVATE = "private"
"""An option `private:<payload>`: a private chat that begins with this payload; the channel knows its address."""
ALLOWED = frozenset({"topic", "variant", "menu", "not", "none", "lang", "language", "help"})
"""What options may begin with."""


def refuse(lang: str) -> Say:
    """Say that this is for a private chat; `in_public` adds the way there."""
    return Say(lang=lang, marks=(Text(PRIVATE_ONLY),))


def in_public(step: Step, world: World) -> Step:
    """Take out of a step what is nobody else's business, and offer a private chat below its last message."""
    state = replace(step.state, stage=Stage.TALK, pending="", facts=(), own_facts=(), fact="")
    says = [effect for effect in step.effects if isinstance(effect, Say)]
    way = private_choice(state, world)

    def kept(effect: Effect) -> Effect:
        return _keep(effect, (way,) if effect is says[-1] else ()) if isinstance(effect, Say) else effect

    return Step(state, tuple(map(kept, step.effects)))


def private_choice(state: Conversation, world: World) -> Choice:
    """A way to a private chat that begins with the topic spoken of."""
    pieces = (state.town if not world.home else "", state.topic)
    return Choice(f"{PRIVATE}:{'_'.join(filter(None, pieces))}", Text(LABEL_PRIVATE))


def _keep(say: Say, more: tuple[Choice, ...]) -> Say:
    kept = (choice for choice in say.choices if choice.id.partition(":")[0] in ALLOWED)
    marks = tuple(mark for mark in say.marks if mark != Text(ASK_TOWN))
    return replace(say, marks=marks, choices=(*kept, *more))
