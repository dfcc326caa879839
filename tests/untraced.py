"""What takes long and covers nothing that shorter tests do not runs two to three times as fast if its lines are not counted."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def untraced() -> Iterator[None]:
    """Count no lines meanwhile.

    pytest-cov's own `no_cover` only stops the upper one of the two coverages that a worker of xdist has (7.1).
    """
    ours, of_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        threading.settrace(of_threads)
        sys.settrace(ours)
