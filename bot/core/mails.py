"""Desks of staff who read mail: a mail only says that something is new, and the page of the case shows what.

So one is enough, where several things happen at once, and none tells staff of what they have just done themselves.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from bot.core.effects import Do, Effect, Tell

MAIL: Final = "/email"
"""What the name of such a desk ends with."""


def spare_mails(effects: Iterable[Effect], by: str, *, over: bool = False) -> Iterator[Effect]:
    """Leave out mails that would tell nothing more.

    `by`: the desk whose staff did what led to all this, if any. `over`: the case had ended before and still has, so that there is
    no page to look at.
    """
    effects = tuple(effects)
    told = {effect.desk for effect in effects if isinstance(effect, Tell) and effect.do is Do.OPEN} | {by}
    for effect in effects:
        if isinstance(effect, Tell) and effect.do is Do.POST and effect.desk.endswith(MAIL):
            if over or effect.desk in told:
                continue
            told.add(effect.desk)
        yield effect
