"""What came of it: both shops compared through their own APIs, what is set aside, and what it took."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from . import compare
from .scene import NAME, Scene

STORES = ("cscart", "webasyst")
LINES = 40


def judge(scene: Scene, problems: list[str], quiet_writes: int, expected: Mapping[str, compare.Row]) -> tuple[dict[str, Any], list[str]]:
    """The result as one object, and the records that are set aside, in words. Records that wait for their merchant are no difference.

    `expected`: by SKU, what the script's own edits made of fields.
    """
    parked = list(scene.links.parked())
    aside = compare.Aside.of(parked)
    products, found = compare.product_differences(scene.cscart, scene.webasyst, aside, expected)
    orders, more = compare.order_differences(scene.cscart, scene.webasyst, NAME, aside)
    dead = len(scene.stack.dead_letters())
    differences = problems + found + more
    traffic = scene.rounds.traffic
    result = {
        "agree": not differences and not dead and not quiet_writes,
        "products": products,
        "orders": orders,
        "differences": differences,
        "writes": {store: traffic.writes[store] for store in STORES},
        "calls": {store: traffic.calls[store] for store in STORES},
        "parked": len(parked),
        "dead_letters": dead,
        "quiet_pass_writes": quiet_writes,
    }
    return result, [f"{item.kind} {item.label or item.record_id} ({item.store}): {item.advice} ({item.reason})" for item in parked]


def failed(sentence: str) -> dict[str, Any]:
    """The result of a start that came to nothing."""
    none = dict.fromkeys(STORES, 0)
    return {
        "agree": False, "products": 0, "orders": 0, "differences": [sentence], "writes": none, "calls": none, "parked": 0,
        "dead_letters": 0, "quiet_pass_writes": 0,
    }  # fmt: skip


def show(out: Console, result: dict[str, Any], aside: list[str]) -> None:
    out.print(f"products {result['products']}, orders {result['orders']}, differences: {len(result['differences']) or 'none'}")
    _some(out, result["differences"])
    if aside:
        out.print(f"set aside until somebody decides: {len(aside)}")
        _some(out, aside)
    if result["dead_letters"]:
        out.print(f"changes that failed too often: {result['dead_letters']} (the worker's log says why)")


def _some(out: Console, lines: list[str]) -> None:
    for line in lines[:LINES]:
        out.print(f"  {line}", markup=False, highlight=False)
    if len(lines) > LINES:
        out.print(f"  and {len(lines) - LINES} more")
