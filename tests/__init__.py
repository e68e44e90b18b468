"""Tests, and the sandbox that `make run` starts. The layer lies in shared/, as Lambda would put it on the path."""

import sys
from pathlib import Path

_LAYER = str(Path(__file__).resolve().parents[1] / "shared")
if _LAYER not in sys.path:
    sys.path.insert(0, _LAYER)
