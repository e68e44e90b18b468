"""One of everything that is remembered and queued: each version reads what the other wrote, in both directions."""

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.upgrades import RELEASES, unpack, version

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "upgrades" / "remembering.py"


def run(root: Path, *arguments: str, given: Any = None) -> Any:
    """By the package of that folder, in a process that knows no other."""
    environment = {**os.environ, "PYTHONPATH": str(root / "shared")}
    command = [sys.executable, "-P", str(PROGRAM), *arguments]
    done = subprocess.run(command, input=json.dumps(given), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=RELEASES, ids=version)
def old(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(request.param, tmp_path_factory.mktemp("released"))


@functools.cache
def written(root: Path) -> Any:
    return run(root, "write")


@functools.cache
def understood(old: Path) -> Any:
    """What the released version makes of its own."""
    return run(old, "read", given=written(old))


def lost(before: Any, now: Any, where: str = "") -> Iterator[str]:
    """What was there and is not, or not so; what came newly is none of it."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name, value in before.items():
            yield from lost(value, now[name], f"{where}.{name}") if name in now else [f"{where}.{name}"]
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for at, (first, second) in enumerate(zip(before, now, strict=True)):
            yield from lost(first, second, f"{where}[{at}]")
    elif before != now:
        yield f"{where}: {before!r} -> {now!r}"[:300]


def test_fault_63_this_version_reads_all_that_the_released_one_wrote(old: Path) -> None:
    assert list(lost(understood(old), run(ROOT, "read", given=written(old)))) == []


def test_fault_63_the_released_version_reads_all_that_this_one_writes(old: Path) -> None:
    assert run(old, "read", given=written(ROOT)) == understood(old)


def test_nothing_that_is_remembered_was_left_out_here(old: Path) -> None:
    """Every partition that a connection may have is among what was written."""
    source = "from storesync.state.scope import partitions; print(*partitions('main'))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "shared")}
    kinds = subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=True).stdout.split()
    stored = {item["pk"].removesuffix("#cscart").removesuffix("#webasyst") for item in written(ROOT)["state"]}
    assert {kind.removesuffix("#cscart").removesuffix("#webasyst") for kind in kinds} <= stored
