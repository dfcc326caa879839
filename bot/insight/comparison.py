"""What a change of the knowledge does to people's questions: which of them get another answer than before."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bot.core.effects import Heard
from bot.core.world import World
from bot.insight.evaluation import Question, hear


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A question whose answer changed. `better`: None if it was right, or wrong, both times; no topics: nothing should answer."""

    question: Question
    before: str
    after: str
    better: bool | None


def compare(
    questions: Iterable[Question], old: World, new: World, *, tell: Callable[[], None] = lambda: None
) -> Iterator[Change]:
    """Ask both worlds and give what changed; `tell` is called for each question."""
    for question in questions:
        before, after = hear(question.text, old), hear(question.text, new)
        tell()
        if _said(before) != _said(after):
            was, now = _is_right(before, question), _is_right(after, question)
            yield Change(question=question, before=_said(before), after=_said(after), better=None if was == now else now)


def _said(heard: Heard) -> str:
    """Write what was made of a question: `answer school`, `clarify school, kindergarten`, `abstain`, with the emergency card."""
    card = f"card {heard.danger}," if heard.danger else ""
    return " ".join(filter(None, [card, heard.decision, ", ".join(topic for topic, _ in heard.topics)]))


def _is_right(heard: Heard, question: Question) -> bool:
    """Tell whether a labelled question is answered with its topic, or rightly not answered."""
    answered = heard.topics[0][0] if heard.decision == "answer" and heard.topics else None
    return answered in question.topics if question.topics else answered is None
