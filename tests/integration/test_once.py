"""The whole job as a program, in its own process: the scripted day, and a start that is ended and started again."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration import remains

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"agree", "products", "orders", "differences", "writes", "calls", "parked", "dead_letters", "quiet_pass_writes"}
SMALL = ("--products", "12", "--orders", "4")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def program(*arguments: str) -> "subprocess.Popen[str]":
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "shared"), str(ROOT)])}
    command = [sys.executable, "-m", "tests.sandbox", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment)


def descendants(pid: int) -> set[int]:
    """Of a process that runs now, as the kernel has them."""
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1]) if entry.name.isdigit() else 0
        except (OSError, IndexError):
            continue
        if parent == pid:
            found |= {int(entry.name)} | descendants(int(entry.name))
    return found


def alive(pids: set[int]) -> set[int]:
    return {
        pid for pid in pids if (Path("/proc") / str(pid) / "stat").exists() and " Z " not in (Path("/proc") / str(pid) / "stat").read_text()
    }


def test_a_day_of_edits_on_both_sides_ends_with_both_shops_equal(state: Path) -> None:
    """And nothing secret or personal is left of it in a table, a queue or a log."""
    with program("--once", "--json", "--seed", "7", "--state", str(state), *SMALL) as running:
        out, told = running.communicate(timeout=240)
    result = json.loads(out.splitlines()[-1])
    assert result.keys() == KEYS
    assert (result["agree"], result["differences"], result["dead_letters"], result["quiet_pass_writes"]) == (True, [], 0, 0), told
    assert running.returncode == 0
    assert result["products"] > 12
    assert result["orders"] >= 4, told
    assert min(*result["writes"].values(), *result["calls"].values()) > 0
    assert remains.shown(state) == {}


def test_a_plan_is_shown_and_nothing_is_written(tmp_path: Path) -> None:
    with program("--plan", "--json", "--seed", "7", "--state", str(tmp_path), "--port", "0", *SMALL) as running:
        out, told = running.communicate(timeout=120)
    result = json.loads(out.splitlines()[-1])
    assert (running.returncode, result["planned"]) == (0, True), told
    assert result["counts"]["writes"] == len(
        {(line["store"], line["record"], line["group"]) for line in result["lines"] if line["action"] == "planned"}
    )
    assert {line["group"] for line in result["lines"]} == {"product", "order", "status"}
    assert "Nothing was written" in told
    for shop in ("cscart", "webasyst"):
        with sqlite3.connect(tmp_path / "sandbox" / f"{shop}.sqlite") as kept:
            assert "main:cscart:" not in "\n".join(kept.iterdump()), "an order carries our mark"
    file = tmp_path / "both.jsonl.gz"
    with program("--save-snapshot", str(file), "--state", str(tmp_path), *SMALL) as saving:
        assert saving.wait(120) == 0
    with program("--snapshot", str(file), "--plan", "--json", "--state", str(tmp_path / "copy")) as rehearsing:
        again, _ = rehearsing.communicate(timeout=120)
    rehearsed = json.loads(again.splitlines()[-1])
    assert rehearsed["counts"] == result["counts"]
    told = [[(line["store"], line["record"], line["group"], line["rule"]) for line in one["lines"]] for one in (result, rehearsed)]
    assert told[0] == told[1]


def until_it_stays(running: "subprocess.Popen[str]") -> str:
    """What it told until both shops were in step."""
    assert running.stderr
    told, deadline = "", time.monotonic() + 120
    while "Ctrl-C" not in told:
        assert time.monotonic() < deadline, told
        line = running.stderr.readline()
        assert line, told
        told += line
    return told


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the kernel's list of processes")
def test_a_start_ends_everything_it_started_and_the_next_one_goes_on_from_there(state: Path) -> None:
    with program("--state", str(state), *SMALL) as first:
        assert "differences: none" in until_it_stays(first)
        children = descendants(first.pid)
        first.send_signal(signal.SIGTERM)
        assert first.wait(40) == 0
    assert children
    assert not alive(children)

    with program("--state", str(state), *SMALL) as second:
        started = time.monotonic()
        told = until_it_stays(second)
        with program("--state", str(state), *SMALL) as third:
            _, refused = third.communicate(timeout=60)
        children = descendants(second.pid)
        second.send_signal(signal.SIGINT)
        assert second.wait(40) == 0
    assert "going on with the state" in told
    assert "differences: none" in told
    assert time.monotonic() - started < 60
    assert not alive(children)
    assert third.returncode == 1
    assert "another start works with the state" in refused


def test_a_shop_that_does_not_answer_is_told_in_one_sentence(state: Path) -> None:
    real = ("--webasyst-url", "http://127.0.0.1:9/", "--webasyst-token", "0" * 32)
    with program("--once", "--json", "--state", str(state), *SMALL, *real) as running:
        out, told = running.communicate(timeout=120)
    result = json.loads(out.splitlines()[-1])
    assert running.returncode == 1
    assert result.keys() == KEYS
    assert not result["agree"]
    assert len(result["differences"]) == 1
    assert "Traceback" not in told
