"""`--plan`: what the next passes would write, as tables; nothing is written to a shop."""

import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import boto3
from rich.console import Console
from rich.table import Table
from storesync.console import runs as run_words
from storesync.console.words import plain
from storesync.domain.journal import Action, Entry, Run
from storesync.state.queue import Queue
from storesync.sync import preview

from .scene import NAME, Scene

PAUSE = 0.1
SHOWN = 60
ENDED = ("done", "failed")


def plan(scene: Scene, seconds: float) -> Run:
    """Asks the worker for it, as the console does, while the connection is paused: what else may wait writes nothing. Raises TimeoutError."""
    was_paused = scene.connections.get(NAME).paused
    scene.connections.change(NAME, lambda known: replace(known, paused=True))
    run_id = uuid.uuid4().hex[:12]
    try:
        Queue(scene.stack.physical("ChangesQueue"), boto3.client("sqs")).send([preview.ask(NAME, run_id)])
        return _ended(scene, run_id, time.monotonic() + seconds)
    finally:
        scene.connections.change(NAME, lambda known: replace(known, paused=was_paused))


def _ended(scene: Scene, run_id: str, until: float) -> Run:
    while time.monotonic() < until:
        found = next((run for run in scene.streams.runs("preview", 5) if run.id == run_id), None)
        if found and found.outcome in ENDED:
            return found
        time.sleep(PAUSE)
    raise TimeoutError("the plan was not ready in time")


def show(out: Console, scene: Scene, run: Run) -> dict[str, Any]:
    """The result as one object: counts, and every line with old and new value."""
    entries = list(scene.journal.of_run(run.id))
    if run.outcome == "failed":
        out.print(f"the plan could not be made: {run.error}")
        return nothing(run.error)
    out.print(_totals(scene, run))
    for title, group in _groups(entries):
        out.print(_lines(title, group))
    _next(out, entries)
    return {"planned": True, "error": "", "counts": dict(run.counts), "lines": [_line(entry) for entry in entries]}


def nothing(error: str) -> dict[str, Any]:
    """The result of a plan that came to nothing."""
    return {"planned": False, "error": error, "counts": {}, "lines": []}


def _totals(scene: Scene, run: Run) -> Table:
    table = Table("what", "how many", "budget of one run", title="the plan", title_justify="left")
    for share in run_words.shares(scene.connections.get(NAME), run):
        table.add_row(run_words.MEASURES[share.name], f"{share.amount:,}", f"{share.limit:,}" if share.limit else "no limit")
    for name, count in run_words.totals(run).items():
        table.add_row(run_words.TOTALS[name], f"{count:,}", "")
    return table


def _groups(entries: list[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """What is written to each shop, by kind; then what is left alone."""
    planned = [entry for entry in entries if entry.action is Action.PLANNED]
    keys = dict.fromkeys((entry.store, entry.group) for entry in sorted(planned, key=lambda one: (one.store, one.group)))
    for store, group in keys:
        yield f"{group} in {store}", [entry for entry in planned if (entry.store, entry.group) == (store, group)]
    if left := [entry for entry in entries if entry.action is not Action.PLANNED]:
        yield "left alone", left


def _lines(title: str, entries: list[Entry]) -> Table:
    table = Table("record", "now", "then", "why", title=f"{title}: {len(entries)}", title_justify="left")
    for entry in islice(entries, SHOWN):
        table.add_row(entry.subject, _short(entry.old), _short(entry.new), entry.rule)
    if len(entries) > SHOWN:
        table.add_row(f"and {len(entries) - SHOWN} more", "", "", "")
    return table


def _short(value: str) -> str:
    text = plain(value, str) if value else "–"
    return text if len(text) <= 80 else f"{text[:79]}…"


def _next(out: Console, entries: Iterable[Entry]) -> None:
    if not any(entry.action is Action.PLANNED for entry in entries):
        out.print("Nothing is to be written. Edit either shop (`make run` shows both) and plan again.")
        return
    out.print("Nothing was written. `make run` carries it out; its console (Runs → Preview) applies a plan exactly as it is shown.")


def _line(entry: Entry) -> dict[str, str]:
    return {
        "store": entry.store, "record": entry.subject, "group": entry.group, "old": entry.old, "new": entry.new, "rule": entry.rule,
        "action": entry.action.value,
    }  # fmt: skip
