"""`make run`: both shops, AWS and the real functions on this machine; `--once` plays a scripted day, compares both shops and ends."""

import argparse
import json
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from .script import compare
from .script.day import Day
from .script.scene import NAME, Options, Scene, open_scene

out = Console(stderr=True)
SECONDS = 900.0


def parse(arguments: list[str]) -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox", description=__doc__)
    parser.add_argument("--once", action="store_true", help="play the scripted day, compare, print the report and end")
    parser.add_argument("--seed", type=int, default=1, help="what the shops hold and what is edited")
    parser.add_argument("--products", type=int, default=200, help="products of the CS-Cart sandbox")
    parser.add_argument("--orders", type=int, default=30, help="orders of the CS-Cart sandbox, and half as many placed during the day")
    parser.add_argument("--json", action="store_true", help="the last line printed is one JSON object")
    parser.add_argument("--state", type=Path, help="where the state is kept (default: .local; with --once a folder of its own)")
    parser.add_argument("--port", type=int, default=0)
    for name in ("--webasyst-url", "--webasyst-token", "--cscart-url", "--cscart-email", "--cscart-key"):
        parser.add_argument(name, default="", help="a real shop in the place of the sandbox one")
    given = vars(parser.parse_args(arguments))
    as_json = given.pop("json")
    given["state"] = given["state"] or (Path(tempfile.mkdtemp(prefix="storesync-")) if given["once"] else Path(".local"))
    return Options(**given), as_json


def first_sync(scene: Scene) -> bool:
    """The initial load, with a bar for each catalogue."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out) as progress:
        bars = {store: progress.add_task(f"first sync: {store}", total=None) for store in ("cscart", "webasyst")}

        def tick() -> None:
            for store, bar in bars.items():
                runs = scene.streams.runs(f"sweep:{store}", 3)
                if run := max(runs, key=lambda run: run.progress, default=None):
                    progress.update(bar, total=run.expected or None, completed=run.progress)

        scene.rounds.look = tick
        return scene.rounds.settle(SECONDS)


def report(scene: Scene, quiet: bool, quiet_writes: int) -> dict[str, Any]:
    products, found = compare.product_differences(scene.cscart, scene.webasyst)
    orders, more = compare.order_differences(scene.cscart, scene.webasyst, NAME)
    traffic = scene.rounds.traffic
    parked = list(scene.links.parked())
    differences = (
        found + more + ([] if quiet else [f"the shops did not come to rest: {'; '.join(scene.rounds.unfinished) or 'writes go on'}"])
    )
    return {
        "agree": not differences and not scene.stack.dead_letters(),
        "products": products,
        "orders": orders,
        "differences": differences,
        "writes": {store: traffic.writes[store] for store in ("cscart", "webasyst")},
        "calls": {store: traffic.calls[store] for store in ("cscart", "webasyst")},
        "parked": len(parked),
        "parked_records": [f"{item.kind} {item.store} {item.label or item.record_id}: {item.reason}" for item in parked][:50],
        "dead_letters": len(scene.stack.dead_letters()),
        "quiet_pass_writes": quiet_writes,
    }


def play_day(scene: Scene) -> tuple[bool, int]:
    day = Day(scene.cscart, scene.webasyst, scene.options.seed)
    played = day.play(max(3, scene.options.products // 20), scene.options.orders // 2)
    out.print(f"the day: {played}")
    quiet = scene.rounds.settle(SECONDS)
    moved = day.move_webasyst_orders(
        [order for order in scene.webasyst.orders() if compare._mark(order)], max(1, scene.options.orders // 10)
    )
    out.print(f"status changes in Webasyst: {moved}")
    quiet = scene.rounds.settle(SECONDS) and quiet
    return quiet, scene.rounds.round()


def show(found: dict[str, Any]) -> None:
    out.print(f"products {found['products']}, orders {found['orders']}, differences: {len(found['differences']) or 'none'}")
    for line in found["differences"][:40]:
        out.print(f"  {line}", markup=False)
    for line in found["parked_records"]:
        out.print(f"  set aside: {line}", markup=False)


def stay(scene: Scene) -> None:
    scene.stack.start_schedules()
    out.print(f"console:  {scene.stack.api_url}/console")
    out.print(f"CS-Cart:  {scene.cscart.url}   Webasyst: {scene.webasyst.url}")
    out.print("Edit either shop and watch it arrive in the other. Ctrl-C ends everything and keeps the state.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        time.sleep(1)


def main(arguments: list[str]) -> int:
    options, as_json = parse(arguments)
    with ExitStack() as stack:
        scene = open_scene(options, stack)
        scene.connect()
        quiet = first_sync(scene)
        quiet, writes = play_day(scene) if options.once else (quiet, 0)
        found = report(scene, quiet, writes)
        show(found)
        if not options.once:
            try:
                stay(scene)
            except KeyboardInterrupt:
                out.print("ending; the state is kept")
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    return 0 if found["agree"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
