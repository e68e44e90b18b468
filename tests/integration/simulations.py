"""What the tests of the simulator share: the program as it is shipped, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Of each of the two files that play them, so that two workers of the suite share the work.
SCHEDULES = 500 if os.environ.get("CI") else 150


def simulator(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.sandbox.simulator", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)


def assert_nothing_is_lost(first: int) -> None:
    done = simulator("--first", str(first), "--schedules", str(SCHEDULES), "--jobs", "1", "--coverage")
    assert done.stdout.splitlines()[-1] == f"schedules {SCHEDULES} duplicates 0 lost 0 reversed 0 cents 0", done.stdout + done.stderr
    assert done.returncode == 0
    if SCHEDULES >= 500:
        assert "NEVER" not in done.stdout, done.stdout
