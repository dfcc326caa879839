"""A benchmark of the search against other ways to find the topic of a question: `python -m tests.bench.search`."""
