"""`make bench`: the goals, measured side by side; writes bench.json and bench.svg and ends with `N of 18 met`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tests.bench import calls
from tests.bench.figures import Figure, show, write

GOALS = 18
out = Console(stderr=True)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller shops and fewer repeats: to try the bench itself, not for figures")
    parser.add_argument("--only", default="", help="names of parts, separated by commas")
    return parser.parse_args(arguments)


def parts(quick: bool) -> dict[str, Callable[[], list[Figure]]]:
    return {"calls": lambda: calls.figures(1_000 if quick else 10_000)}


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    wanted = options.only.split(",") if options.only else list(parts(options.quick))
    figures: list[Figure] = []
    for name, measure in parts(options.quick).items():
        if name in wanted:
            out.print(f"measuring: {name}")
            figures += measure()
    write(figures, Path())
    show(sorted(figures, key=lambda item: item.goal), GOALS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
