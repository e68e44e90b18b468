"""Runs as the console lists them: those that did something, and what may be done with each."""

from collections.abc import Iterable, Mapping
from itertools import islice

from ..domain.changes import APPLY, PREVIEW, PRODUCTS, SWEEP, UNDO
from ..domain.journal import Entry, Run
from ..sync import plans
from ..sync.ports import Streams
from .texts import N_

STREAMS = {PREVIEW: N_("Preview"), APPLY: N_("Application of a preview"), UNDO: N_("Undo")}
UNDOABLE = (PRODUCTS, SWEEP, APPLY, UNDO)
QUIET = {"seen", "unchanged"}
SEARCHED = 400
MOST_COUNTED = 20_000
TOTALS = {
    "created_webasyst": N_("created in Webasyst"),
    "created_cscart": N_("created in CS-Cart"),
    "written_webasyst": N_("written to Webasyst"),
    "written_cscart": N_("written to CS-Cart"),
    "prices_up": N_("prices up"),
    "prices_down": N_("prices down"),
    "stock_to_zero": N_("stock to zero"),
    "stock": N_("other stock"),
    "hidden": N_("hidden"),
    "content": N_("texts"),
    "listing": N_("category and visibility"),
    "media": N_("images"),
    "identity": N_("SKU"),
    "variant": N_("new variants"),
    "conflicts": N_("changed on both sides"),
    "skipped": N_("left alone, with a reason"),
}


def worth_showing(streams: Streams, limit: int) -> list[Run]:
    """The newest first. A pass that found nothing to do is left out."""
    return list(islice((run for run in streams.runs("", SEARCHED) if _did_something(run)), limit))


def _did_something(run: Run) -> bool:
    return run.outcome != "done" or run.stream in STREAMS or any(count for name, count in run.counts.items() if name not in QUIET)


def one(streams: Streams, run_id: str) -> Run | None:
    return next((run for run in streams.runs("", SEARCHED) if run.id == run_id), None)


def can_be_undone(run: Run) -> bool:
    return run.stream.partition(":")[0] in UNDOABLE and run.outcome != "running"


def totals(entries: Iterable[Entry]) -> Mapping[str, int]:
    """Of a preview, in the order in which they are told."""
    found = plans.totals(islice(entries, MOST_COUNTED))
    return {name: found[name] for name in TOTALS if found[name]}
