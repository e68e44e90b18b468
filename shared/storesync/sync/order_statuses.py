"""Statuses brought together along the table, step by step, each step read back."""

import json

from ..domain import statuses
from ..domain.changes import Cause
from ..domain.journal import Action
from ..domain.model import StoreName
from ..domain.statuses import Standing
from ..errors import NotKept
from . import order_returns
from .order_work import Both, OrderWork

STEPS = 4
FLAGGED = frozenset({"delete", "refund", "restore"})


def standing(both: Both) -> Standing:
    return Standing(both[StoreName.CSCART].status, both[StoreName.WEBASYST].status)


def agreed(work: OrderWork, both: Both, kept: Standing | None) -> None:
    """`kept`: what both sides were when last agreed. `both` afterwards holds the orders as they are.

    Raises UnmappedStatus, and NotKept when a shop did not take the status; what was agreed before is remembered then.
    """
    for _ in range(STEPS):
        now = standing(both)
        _check_refused(work, now)
        step = statuses.step(work.connection.statuses, kept, now, _offered(work))
        if step.target is None:
            _note(work, step, now)
            break
        _take(work, both, step)
        kept = expected(kept, step, now, standing(both))
    _remember(work, standing(both))


def _take(work: OrderWork, both: Both, step: statuses.Step) -> None:
    assert step.target is not None
    before = both[step.target]
    if step.target is StoreName.WEBASYST and step.value in FLAGGED:
        order_returns.announce(work, before)
    after = work.store(step.target).set_status(before, step.value)
    both[step.target] = after
    work.entry(
        Action.WRITTEN, step.target, "status", json.dumps({"status": before.status}), json.dumps({"status": after.status}), step.rule
    )
    work.counts[f"status_{step.target}"] += 1
    if step.target is StoreName.WEBASYST:
        # The client lifts or sets the flag around these; any other action that moved stock did so by itself.
        (order_returns.accept if step.value in FLAGGED else order_returns.undo)(work, after)
    taken = after.status == step.value if step.target is StoreName.CSCART else after.status != before.status
    if not taken:
        work.note(refused=_text(standing(both)))
        raise NotKept("the shop did not take the status", store=step.target, wanted=step.value, status=after.status)


def _check_refused(work: OrderWork, now: Standing) -> None:
    """Asking again would get the same answer: the shop is left alone until one side moves, or the owner says so."""
    if work.draft.refused == _text(now) and work.cause is not Cause.CONSOLE:
        raise NotKept("the shop did not take the status", letter=now.letter, state=now.state)


def _text(now: Standing) -> str:
    return f"{now.letter}/{now.state}"


def expected(kept: Standing | None, step: statuses.Step, before: Standing, after: Standing) -> Standing:
    """What we moved ourselves is no movement of that side; what somebody else moved in the meantime is one. What a `final` step was about
    has arrived, though the table may not know the state."""
    if step.final:
        return Standing(before.letter, after.state)
    if step.target is StoreName.WEBASYST and statuses.RESULTS.get(step.value, after.state) != after.state:
        return kept or Standing("", before.state)
    if step.target is StoreName.WEBASYST:
        return Standing(kept.letter if kept else "", after.state)
    return Standing(after.letter, kept.state if kept else before.state)


def _note(work: OrderWork, step: statuses.Step, now: Standing) -> None:
    if step.rule:
        work.entry(Action.CONFLICT, None, "status", json.dumps({"cscart": now.letter}), json.dumps({"webasyst": now.state}), step.rule)
        work.counts["status_left"] += 1


def _remember(work: OrderWork, now: Standing) -> None:
    work.note(cscart_status=now.letter, webasyst_status=now.state, refused="")


def _offered(work: OrderWork) -> dict[str, tuple[str, ...]]:
    return {status.id: status.actions for status in work.world.store(StoreName.WEBASYST).info().statuses}
