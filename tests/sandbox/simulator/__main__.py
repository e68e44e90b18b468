"""Plays many schedules on several processes, or one again with all that happened."""

import argparse
import os
import sys

SEED_OF_HASHES = "PYTHONHASHSEED"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.simulator", description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000, help="how many (default: %(default)s)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="play this one alone and tell what happens")
    parser.add_argument("--coverage", action="store_true", help="also print how often each kind of fault really struck")
    chosen = parser.parse_args()
    from tests.sandbox.simulator.runner import replay, simulate

    if chosen.seed is not None:
        return replay(chosen.seed)
    return simulate(range(chosen.first, chosen.first + chosen.schedules), chosen.jobs, chosen.coverage)


if __name__ == "__main__":
    if os.environ.get(SEED_OF_HASHES) != "0":  # sets are gone through in the same order each time
        path = os.pathsep.join(filter(None, ("shared", os.environ.get("PYTHONPATH", ""))))
        kept = os.environ | {SEED_OF_HASHES: "0", "PYTHONPATH": path}
        os.execve(sys.executable, [sys.executable, "-m", "tests.sandbox.simulator", *sys.argv[1:]], kept)
    sys.exit(main())
