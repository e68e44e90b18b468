"""`make run`: both shops, AWS and the real functions on this machine; `--once` plays a scripted day, compares both shops and ends."""

import argparse
import json
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import requests
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from storesync.errors import SyncError

from .httpd import Server
from .script import planning, report
from .script.day import Day
from .script.opening import CannotStart, folder_of, open_page, open_scene
from .script.scene import Options, Scene
from .script.shops import ShopError

out = Console(stderr=True, soft_wrap=True)
SECONDS, RESUME_SECONDS = 1800.0, 60.0


def parse(arguments: list[str]) -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox", description=__doc__)
    parser.add_argument("--once", action="store_true", help="play the scripted day, compare, print the report and end")
    parser.add_argument("--plan", action="store_true", help="show what the sync would write to both shops, write nothing, and end")
    parser.add_argument(
        "--snapshot",
        type=Path,
        metavar="FILE",
        help="fill both sandboxes from a snapshot: to rehearse with --plan, or to reproduce a report",
    )
    parser.add_argument("--save-snapshot", type=Path, metavar="FILE", help="take a snapshot of both shops, write nothing to them, and end")
    parser.add_argument("--seed", type=int, default=1, help="what the shops hold and what is edited")
    parser.add_argument("--products", type=int, default=200, help="products of the CS-Cart sandbox")
    parser.add_argument("--orders", type=int, default=30, help="orders of the CS-Cart sandbox, and half as many placed during the day")
    parser.add_argument("--json", action="store_true", help="the last line printed is one JSON object")
    parser.add_argument("--state", type=Path, help="where the state is kept (default: .local; with --once a folder of its own)")
    parser.add_argument("--fresh", action="store_true", help="forget the state of earlier starts")
    parser.add_argument(
        "--port", type=int, default=0, help="the first of four neighbouring ports (default: 8700; with --once any free ones)"
    )
    for name in ("--webasyst-url", "--webasyst-token", "--cscart-url", "--cscart-email", "--cscart-key"):
        parser.add_argument(name, default="", help="a real shop in the place of the sandbox one")
    given = vars(parser.parse_args(arguments))
    if bool(given["webasyst_url"]) != bool(given["webasyst_token"]):
        parser.error("--webasyst-url and --webasyst-token belong together")
    if len({bool(given[name]) for name in ("cscart_url", "cscart_email", "cscart_key")}) > 1:
        parser.error("--cscart-url, --cscart-email and --cscart-key belong together")
    if (given["plan"] or given["save_snapshot"]) and given["once"]:
        parser.error("--plan and --save-snapshot write nothing, --once plays a whole day: choose one")
    if given["snapshot"] and (given["once"] or given["webasyst_url"] or given["cscart_url"]):
        parser.error("--snapshot fills both sandboxes: it goes with neither a real shop nor the scripted day")
    if given["products"] < 1 or given["orders"] < 0:
        parser.error("--products is at least 1, --orders at least 0")
    as_json = given.pop("json")
    if given["snapshot"] and not given["state"]:
        given["state"] = Path(".local") / "snapshots" / given["snapshot"].name.partition(".")[0]
    given["kept"] = bool(given["state"]) or not given["once"]
    given["state"] = given["state"] or (Path(tempfile.mkdtemp(prefix="storesync-")) if given["once"] else Path(".local"))
    return Options(**given), as_json


def first_sync(scene: Scene) -> list[str]:
    """The initial load, with a bar for each catalogue; what went wrong."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out) as progress:
        bars = {store: progress.add_task(f"first sync: {store}", total=None) for store in report.STORES}

        def look() -> None:
            for store, bar in bars.items():
                runs = scene.streams.runs(f"sweep:{store}", 3)
                if run := max(runs, key=lambda run: run.progress, default=None):
                    progress.update(bar, total=run.expected or None, completed=run.progress)

        scene.rounds.look = look
        quiet = scene.rounds.settle(SECONDS)
        scene.rounds.look = lambda: None
    return [] if quiet else [_restless(scene)]


def _restless(scene: Scene) -> str:
    return f"the shops did not come to rest: {'; '.join(scene.rounds.unfinished) or 'writes go on'}"


def play_day(scene: Scene) -> tuple[Day, int]:
    """The day as it went, and how many writes a further pass over shops at rest made."""
    day = Day(scene.cscart, scene.webasyst, scene.options.seed)
    out.print(f"the day: {day.play(max(8, scene.options.products // 20), scene.options.orders // 2)}")
    quiet = scene.rounds.settle(SECONDS)
    out.print(f"the evening: {day.evening(max(1, scene.options.orders // 10))}")
    quiet = scene.rounds.settle(SECONDS) and quiet
    day.problems += [] if quiet else [_restless(scene)]
    return day, scene.rounds.round()


def stay(scene: Scene, page: Server) -> None:
    """Until Ctrl-C or SIGTERM, either of which ends by an exception."""
    scene.stack.start_schedules()
    for line in scene.moved:
        out.print(line)
    out.print(f"both shops side by side:  {page.url}", highlight=False)
    out.print(f"the console:              {scene.stack.api_url}/console   (it asks for: {scene.sign_in})", highlight=False)
    out.print(f"CS-Cart {scene.cscart.url}   Webasyst {scene.webasyst.url}", highlight=False)
    out.print("Edit either shop and watch it arrive in the other. Ctrl-C ends everything; the state is kept for the next start.")
    threading.Event().wait()


def show_plan(scene: Scene) -> dict[str, object]:
    scene.connect()
    try:
        return planning.show(out, scene, planning.plan(scene, SECONDS))
    except TimeoutError as late:
        out.print(str(late))
        return planning.nothing(str(late))


def run(options: Options, stack: ExitStack) -> dict[str, object]:
    scene = open_scene(options, stack)
    if options.save_snapshot:
        scene.connect()
        count = scene.save_snapshot(options.save_snapshot)
        out.print(f"{count} documents of both shops are in {options.save_snapshot}: no secret, and stand-ins for people", highlight=False)
        out.print(
            f'`make run ARGS="--snapshot {options.save_snapshot} --plan"` rehearses on it, without --plan it runs',
            markup=False,
            highlight=False,
        )
        return {"planned": True, "documents": count}
    if options.plan:
        return show_plan(scene)
    problems: list[str] = []
    if scene.connect():
        problems += first_sync(scene)
        if not options.once:
            scene.slow_down()
    else:
        out.print(f"going on with the state in {folder_of(options)}")
        scene.rounds.round(time.monotonic() + RESUME_SECONDS)
    if options.once:
        day, quiet_writes = play_day(scene)
        result, aside = report.judge(scene, problems + day.problems, quiet_writes, day.expected)
    else:
        result, aside = report.judge(scene, problems, 0, {})
    report.show(out, result, aside)
    if not options.once:
        stay(scene, open_page(scene, stack))
    return result


def guarded(options: Options) -> dict[str, object]:
    """Everything that was started ends here, whatever happens, and no second signal interrupts that."""
    stack = ExitStack()
    try:
        return run(options, stack)
    except CannotStart as problem:
        out.print(str(problem), markup=False)
        return report.failed(str(problem))
    except SyncError as problem:
        out.print(f"{problem.advice} ({problem})", markup=False)
        return report.failed(f"{type(problem).__name__}: {problem}")
    except (ShopError, requests.RequestException) as problem:
        out.print(f"a shop did not answer the script as it should: {problem}", markup=False)
        return report.failed(f"the script: {type(problem).__name__}: {problem}")
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stack.close()


def _end(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str]) -> int:
    options, as_json = parse(arguments)
    # Also Ctrl-C's own: a shell that starts this in the background has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    try:
        result = guarded(options)
    except KeyboardInterrupt:
        out.print("ended; the state is kept" if not options.once else "ended before the day was over")
        return 1 if options.once else 0
    is_well = bool(result.get("planned", result.get("agree")))
    if not options.kept and is_well:
        shutil.rmtree(options.state, ignore_errors=True)
    elif not options.kept:
        out.print(f"the shops, the tables and the logs of this day are in {options.state}")
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
