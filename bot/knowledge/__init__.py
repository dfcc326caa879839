"""From the editors' files to a checked World. Knows files and their faults; not how a rule uses what they say."""
