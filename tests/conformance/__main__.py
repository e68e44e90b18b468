"""`python -m tests.conformance`: prints every mismatch, and at last how many exchanges were replayed."""

from __future__ import annotations

import sys

from tests.conformance.replay import replay


def main() -> int:
    outcomes = list(replay())
    for outcome in outcomes:
        for text in outcome.differences:
            print(f"{outcome.title}: {text}")
    matching = sum(not outcome.reason and not outcome.differences for outcome in outcomes)
    failed = sum(bool(outcome.differences) for outcome in outcomes)
    print(f"replayed {matching} of {len(outcomes)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
