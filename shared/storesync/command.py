"""How a command for whoever runs a stack ends: done, or not done with a sentence why."""

import sys
from collections.abc import Callable

from .errors import ConfigurationError, SyncError


def ended(act: Callable[[], None]) -> int:
    """0: done, 1: not done."""
    try:
        act()
    except (ConfigurationError, OSError) as problem:
        print(problem, file=sys.stderr)
        return 1
    except SyncError as error:
        print(f"{error}. {error.advice}", file=sys.stderr)
        return 1
    return 0
