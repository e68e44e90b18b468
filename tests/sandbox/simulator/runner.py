"""Runs schedules in parallel, and sums up."""

import time
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.sandbox.simulator.oracle import CENTS, DUPLICATE, LOST, REVERSED
from tests.sandbox.simulator.schedule import SWITCHES, play

CHUNK = 20
SHOWN = 25
PROGRESS_SECONDS = 30.0
KINDS = (DUPLICATE, LOST, REVERSED, CENTS)
Finding = tuple[int, list[tuple[str, str]], Counter[str]]


def simulate(seeds: Sequence[int], jobs: int, coverage: bool = False) -> int:
    """Prints the seeds that failed with the command that replays them, and the figures last. The exit code: 0 when nothing failed.

    `coverage`: how often each switch of what can happen really did.
    """
    started = last = time.monotonic()
    totals: Counter[str] = Counter()
    happened: Counter[str] = Counter()
    failed: list[int] = []
    done = 0
    with ProcessPoolExecutor(jobs) as pool:
        chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
        for found in pool.map(_play_all, chunks):
            for seed, faults, counts in found:
                happened.update(counts)
                totals.update({kind: 1 for kind, _ in faults})
                failed += [seed] if faults else []
                if faults and len(failed) <= SHOWN:
                    _tell(seed, faults)
            done += len(found)
            if time.monotonic() - last > PROGRESS_SECONDS:
                last = time.monotonic()
                print(f"... {done} schedules in {last - started:.0f} s, {len(failed)} failed", flush=True)
    if len(failed) > SHOWN:
        print(f"and {len(failed) - SHOWN} more: {' '.join(map(str, failed[SHOWN : SHOWN + 100]))}")
    if coverage:
        _tell_coverage(happened)
    print(f"{len(seeds)} schedules in {time.monotonic() - started:.0f} s with {jobs} processes, {len(failed)} failed")
    print(f"schedules {len(seeds)} " + " ".join(f"{kind} {totals[kind]}" for kind in KINDS))
    return 1 if failed else 0


def _tell(seed: int, faults: list[tuple[str, str]]) -> None:
    print(f"seed {seed}: make simulate SEED={seed}")
    for kind, text in faults[:4]:
        print(f"  {kind}: {text}")


def _tell_coverage(happened: Counter[str]) -> None:
    """`told` counts what the engine said that it cannot know, and what was found to be as it said."""
    for name in SWITCHES:
        print(f"  {name:28} {happened[name] or 'NEVER'}")
    for name in ("told", "deliveries"):
        print(f"  {name:28} {happened[name]}")


def _play_all(seeds: Sequence[int]) -> list[Finding]:
    return [_found(seed) for seed in seeds]


def _found(seed: int) -> Finding:
    try:
        result = play(seed)
    except Exception:
        return seed, [(LOST, f"the schedule broke: {traceback.format_exc(limit=-3)}")], Counter()
    return seed, result.verdict.faults, result.happened


def replay(seed: int) -> int:
    result = play(seed, traced=True)
    print("\n".join(result.trace))
    for kind, text in result.verdict.faults:
        print(f"{kind}: {text}")
    print("nothing failed" if not result.verdict.faults else f"{len(result.verdict.faults)} findings")
    return 1 if result.verdict.faults else 0
