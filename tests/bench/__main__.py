"""`make bench`: the goals, measured side by side; writes bench.json and bench.svg and ends with `N of 18 met`."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tests.bench import calls, hundred_thousand, merchants, orders, scale, starts, walls
from tests.bench.figures import Figure, show, write

GOALS = 18
out = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Part:
    """What is measured together, as it takes the same shops; `goals` are the numbers it has figures for."""

    name: str
    goals: frozenset[int]
    measure: Callable[[frozenset[int]], list[Figure]]


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller shops and fewer repeats: to try the bench itself, not for figures")
    parser.add_argument("--only", default="", help="numbers of goals or names of parts (calls, walls, ...), separated by commas")
    parser.add_argument("--hundred-thousand", action="store_true", help="instead: a first load of 100,000 products and a sweep, timed")
    parser.add_argument("--products", type=int, default=100_000, help="how many, for --hundred-thousand")
    return parser.parse_args(arguments)


def parts(quick: bool, folder: Path) -> Iterator[Part]:
    times = 1 if quick else 5
    few, many = (200, 5_000) if quick else (1_000, 100_000)
    yield Part("walls", frozenset({5, 6, 7, 8}), lambda goals: walls.figures(few, times, goals))
    yield Part("starts", frozenset({11, 12}), lambda _: starts.figures(folder, times))
    yield Part("pace", frozenset({15}), lambda _: scale.in_flight())
    yield Part("calls", frozenset({1, 2, 3, 4, 9, 14}), lambda _: calls.figures(few * 10 if not quick else 1_000))
    yield Part("orders", frozenset({10, 14, 18}), lambda _: orders.figures())
    yield Part("merchants", frozenset({16}), lambda _: merchants.figures(many))
    yield Part("outage", frozenset({17}), lambda _: scale.after_outage())
    yield Part("memory", frozenset({13}), lambda _: scale.memory(many, 1_000))


def chosen(found: Iterator[Part], only: str) -> list[tuple[Part, frozenset[int]]]:
    """With the goals that are wanted of each."""
    wanted = set(filter(None, only.split(",")))
    listed = [
        (part, part.goals if part.name in wanted or not wanted else part.goals & {int(w) for w in wanted if w.isdigit()}) for part in found
    ]
    return [(part, goals) for part, goals in listed if goals]


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    if options.hundred_thousand:
        return hundred_thousand.main(options.products, Path())
    figures: list[Figure] = []
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for part, goals in chosen(parts(options.quick, Path(folder)), options.only):
            out.print(f"measuring: {part.name}")
            started = time.perf_counter()
            figures += [item for item in part.measure(goals) if item.goal in goals]
            seconds[part.name] = time.perf_counter() - started
            out.print(f"  {seconds[part.name]:.0f} s")
    figures.sort(key=lambda item: item.goal)
    write(figures, Path(), {**seconds, "all": sum(seconds.values())})
    show(figures, GOALS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
