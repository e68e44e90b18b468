"""`make bench`: the goals, measured side by side; writes bench.json and bench.svg and ends with `N of 18 met`."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import track

from tests.bench import calls, orders, scale, starts, walls
from tests.bench.figures import Figure, show, write

GOALS = 18
out = Console(stderr=True)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller shops and fewer repeats: to try the bench itself, not for figures")
    parser.add_argument("--only", default="", help="names of parts, separated by commas")
    return parser.parse_args(arguments)


def parts(quick: bool, folder: Path) -> dict[str, Callable[[], list[Figure]]]:
    times = 1 if quick else 5
    return {
        "calls": lambda: calls.figures(1_000 if quick else 10_000),
        "walls": lambda: walls.figures(200 if quick else 1_000, times),
        "orders": lambda: orders.figures(500 if quick else 10_000),
        "starts": lambda: starts.figures(folder, times),
        "scale": lambda: scale.figures(5_000 if quick else 100_000, 1_000),
    }


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        chosen = parts(options.quick, Path(folder))
        wanted = options.only.split(",") if options.only else list(chosen)
        for name in track([name for name in chosen if name in wanted], description="measuring", console=out):
            out.print(f"measuring: {name}")
            figures += chosen[name]()
    write(figures, Path())
    show(sorted(figures, key=lambda item: item.goal), GOALS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
