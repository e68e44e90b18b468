"""Runs as the console lists them: those that did something, and what may be done with each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from ..domain.changes import APPLY, PREVIEW, PRODUCTS, SWEEP, UNDO
from ..domain.comparison import spreadsheet
from ..domain.connection import Connection
from ..domain.journal import Action, Entry, Run
from ..sync import damage
from ..sync.ports import Streams
from .texts import N_

STREAMS = {PREVIEW: N_("Preview"), APPLY: N_("Application of a preview"), UNDO: N_("Undo")}
UNDOABLE = (PRODUCTS, SWEEP, APPLY, UNDO)
QUIET = {"seen", "unchanged"}
SEARCHED = 400
ORDER = ("product", "variant", "price", "stock", "identity", "content", "listing", "media", "order", "status")
MEASURES = {
    damage.WRITES: N_("records written"),
    damage.MAILS: N_("e-mails to customers"),
    damage.MONEY: N_("money moved"),
    "orders": N_("orders taken"),
    "zeroed": N_("stock to zero"),
    "repriced": N_("price jumps"),
    "hidden": N_("hidden"),
}
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
    "orders_created_webasyst": N_("orders created in Webasyst"),
    "orders_created_cscart": N_("orders created in CS-Cart"),
    "orders_edited": N_("orders edited"),
    "statuses": N_("status steps of orders"),
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


def totals(run: Run) -> Mapping[str, int]:
    """Of a preview, in the order in which they are told."""
    return {name: run.counts[name] for name in TOTALS if run.counts.get(name)}


@dataclass(frozen=True, slots=True)
class Share:
    """What a run does of one measure, and what it may do; `limit` 0: as much as it wants to."""

    name: str
    amount: int
    limit: int

    @property
    def is_over(self) -> bool:
        return bool(self.limit) and self.amount > self.limit


def shares(connection: Connection, run: Run) -> list[Share]:
    """The damage that a preview would do, beside the budget of the run that applies it."""
    return [Share(name, run.counts.get(name, 0), getattr(connection.damage, name)) for name in damage.MEASURES]


def stopped_at(run: Run) -> tuple[str, str]:
    """For a run that has used up its budget: of what, and how much of it."""
    _, measure, *amount = f"{run.error}  ".split(" ", 2)
    return measure, "".join(amount).strip()


@dataclass(frozen=True, slots=True)
class Section:
    """Lines of a plan that do the same to the same shop; `store` empty: what is left alone."""

    store: str
    group: str
    entries: tuple[Entry, ...]


def sections(entries: Iterable[Entry]) -> list[Section]:
    """In the order in which a shop's kinds of writes come, what is left alone last."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        is_write = entry.action is Action.PLANNED
        found.setdefault((entry.store if is_write else "", entry.group if is_write else ""), []).append(entry)
    order = sorted(found, key=lambda one: (not one[0], one[0], ORDER.index(one[1]) if one[1] in ORDER else len(ORDER)))
    return [Section(store, group, tuple(found[store, group])) for store, group in order]


def as_csv(entries: Iterable[Entry]) -> str:
    """All lines of a run, for a spreadsheet."""
    head = ("shop", "record", "action", "field", "before", "after", "why")
    lines = ((one.store, one.subject, one.action.value, one.group, one.old, one.new, one.rule) for one in entries)
    return spreadsheet(head, lines)
