"""The whole way from a message to a finding: index, evidence, confidence, band."""

from dataclasses import dataclass

from bot.search.confidence import Finding, Fit, decide
from bot.search.index import Index

MAX_SEARCHED = 1500


@dataclass(frozen=True, slots=True)
class Finder:
    """An index with its fitted numbers and the topics that need more certainty."""

    index: Index
    fit: Fit
    careful: frozenset[str]

    def find(self, text: str) -> Finding:
        """Decide what to show for a message; only its first part is read."""
        return decide(self.index.find(text[:MAX_SEARCHED]), self.fit, self.careful)
