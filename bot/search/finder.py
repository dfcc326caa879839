"""The whole way from a message to a finding: index, evidence, confidence, band."""

from dataclasses import dataclass

from bot.search.confidence import Candidate, Decision, Finding, Fit, decide
from bot.search.index import Index
from bot.search.text import questions

MAX_SEARCHED = 1500
MAX_QUESTIONS = 5
SHORTEST_QUESTION = 2
"""Words that say something; less is no question of its own."""


@dataclass(frozen=True, slots=True)
class Finder:
    """An index with its fitted numbers and the topics that need more certainty."""

    index: Index
    fit: Fit
    careful: frozenset[str]

    def find(self, text: str) -> Finding:
        """Decide what to show for a message; only its first part is read."""
        return decide(self.index.find(text[:MAX_SEARCHED]), self.fit, self.careful)

    def several(self, text: str) -> tuple[Candidate, ...]:
        """Give the topics that the questions of a message would be answered with, one by one; nothing for a single question."""
        pieces = [piece for piece in questions(text[:MAX_SEARCHED]) if len(self.index.read(piece)) >= SHORTEST_QUESTION]
        if len(pieces) < 2:
            return ()
        findings = map(self.find, pieces[:MAX_QUESTIONS])
        found = [finding.shown[0] for finding in findings if finding.decision is Decision.ANSWER]
        return tuple({candidate.topic: candidate for candidate in found}.values())
