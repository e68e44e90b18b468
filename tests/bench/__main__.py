"""`make bench`: the goals, measured side by side; writes bench.json and bench.svg and ends with `N of 18 met`."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench import calls, hundred_thousand, merchants, orders, scale, starts, walls
from tests.bench.figures import Figure, kept, out, show, write

GOALS = 18
LIMIT_SECONDS = 1200  # of one part: one that hangs is told of, and the rest is measured
COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


@dataclass(frozen=True, slots=True)
class Part:
    """What is measured together, as it takes the same shops; `goals` are the numbers it has figures for."""

    name: str
    goals: frozenset[int]
    measure: Callable[[frozenset[int], Path], list[Figure]]


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller shops and fewer repeats: to try the bench itself, not for figures")
    parser.add_argument("--only", default="", help="numbers of goals or names of parts (calls, walls, ...), separated by commas")
    parser.add_argument("--resume", action="store_true", help="keep what bench.json has of an earlier run like this, measure the rest")
    parser.add_argument("--hundred-thousand", action="store_true", help="instead: a first load of 100,000 products and a sweep, timed")
    parser.add_argument("--products", type=int, default=100_000, help="how many, for --hundred-thousand")
    parser.add_argument("--part", default="", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def parts(quick: bool) -> tuple[Part, ...]:
    times = 1 if quick else 5
    few, many = (200, 5_000) if quick else (1_000, 100_000)
    return (
        Part("walls", frozenset({5, 6, 7, 8}), lambda goals, _: walls.figures(few, times, goals)),
        Part("starts", frozenset({11, 12}), lambda _, folder: starts.figures(folder, times)),
        Part("pace", frozenset({15}), lambda *_: scale.in_flight(1 if quick else 3)),
        Part("calls", frozenset({1, 2, 3, 4, 9, 14}), lambda *_: calls.figures(1_000 if quick else 10_000)),
        Part("orders", frozenset({10, 14, 18}), lambda *_: orders.figures()),
        Part("merchants", frozenset({16}), lambda *_: merchants.figures(many)),
        Part("outage", frozenset({17}), lambda *_: scale.after_outage()),
        Part("memory", frozenset({13}), lambda *_: scale.memory(many, 1_000)),
    )


def chosen(found: Iterable[Part], only: str) -> list[tuple[Part, frozenset[int]]]:
    """With the goals that are wanted of each."""
    wanted = set(filter(None, only.split(",")))
    listed = [
        (part, part.goals if part.name in wanted or not wanted else part.goals & {int(w) for w in wanted if w.isdigit()}) for part in found
    ]
    return [(part, goals) for part, goals in listed if goals]


def alone(part: Part, goals: frozenset[int]) -> None:
    """In this process: the last line of its output are the figures."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps([asdict(item) for item in part.measure(goals, Path(folder)) if item.goal in goals]))


def measured(part: Part, goals: frozenset[int], quick: bool) -> list[Figure]:
    """In a process of its own, so that no part sees another's memory, clients or failure. What could not be measured counts as missed."""
    command = [sys.executable, "-m", "tests.bench", "--part", part.name, "--only", ",".join(map(str, sorted(goals)))]
    command += ["--quick"] if quick else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            told, said = process.communicate(timeout=LIMIT_SECONDS)
            why = "" if process.returncode == 0 else (said.strip().splitlines() or [f"exit {process.returncode}"])[-1]
        except subprocess.TimeoutExpired:
            told, why = "", f"not done in {LIMIT_SECONDS} s"
        finally:
            _end(process)
    if why:
        out.print(f"{part.name} was not measured: {why}", markup=False)
        return [Figure(goal, f"{part.name}: not measured", 0.0, 0.0, void=why[:200]) for goal in sorted(goals)]
    return [Figure(**row) for row in json.loads(told.splitlines()[-1])]


def _end(process: subprocess.Popen[str]) -> None:
    """With all that it started and may have left behind."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def run(options: argparse.Namespace, folder: Path) -> list[Figure]:
    """bench.json and bench.svg are written after each part, so that a run that is cut off can be resumed."""
    wanted = chosen(parts(options.quick), options.only)
    done = kept(folder, options.quick) if options.resume else {}
    with Progress(*COLUMNS, console=out, transient=True, refresh_per_second=1) as shown:
        bar = shown.add_task("", total=len(wanted))
        for part, goals in wanted:
            shown.update(bar, description=part.name)
            if set(done.get(part.name, ({}, 0.0))[0]) != goals:
                out.print(f"measuring: {part.name}")
                started = time.perf_counter()
                found = measured(part, goals, options.quick)
                done[part.name] = ({goal: [item for item in found if item.goal == goal] for goal in goals}, time.perf_counter() - started)
                out.print(f"  {done[part.name][1]:.0f} s")
                write(done, folder, options.quick)
            shown.advance(bar)
    return sorted((item for by_goal, _ in done.values() for items in by_goal.values() for item in items), key=lambda item: item.goal)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    if options.hundred_thousand:
        return hundred_thousand.main(options.products, Path())
    if options.part:
        (((part, goals)),) = (item for item in chosen(parts(options.quick), options.only) if item[0].name == options.part)
        alone(part, goals)
        return 0
    show(run(options, Path()), GOALS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
