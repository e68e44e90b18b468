"""Figures, and how they are told: a table, JSON and a chart."""

import json
import os
import platform
import re
import resource
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

out = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Figure:
    """One part of a goal. `least`: whether the figure has to reach the target or may not exceed it. `bound`: the physical limit of it, if any.

    `void` says why a figure counts for nothing: a run that made a duplicate, a loss or a wrong cent.
    """

    goal: int
    name: str
    value: float
    target: float
    least: bool = True
    bound: float | None = None
    unit: str = ""
    void: str = ""
    note: str = ""
    data: dict[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        return not self.void and (self.value >= self.target if self.least else self.value <= self.target)

    @property
    def share(self) -> float | None:
        """Of the physical bound."""
        if not self.bound or not self.value:
            return None
        return self.value / self.bound if self.least else self.bound / self.value


def median(measure: Callable[[], float], times: int) -> float:
    return statistics.median(measure() for _ in range(times))


def side_by_side(ours: Callable[[], float], theirs: Callable[[], float], times: int) -> tuple[float, float]:
    """Medians of both, taken alternately, so that a machine that slows down slows both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for at in range(times):
        for which in ((0, 1), (1, 0))[at % 2]:
            taken[which].append((ours, theirs)[which]())
    return statistics.median(taken[0]), statistics.median(taken[1])


def table(figures: Iterable[Figure]) -> Table:
    found = Table(title=f"Goals, {datetime.now(UTC):%Y-%m-%d}, {machine()}")
    for name, right in (("#", True), ("goal", False), ("figure", True), ("target", True), ("bound", True), ("share", True), ("met", False)):
        found.add_column(name, justify="right" if right else "left")
    for item in figures:
        share = f"{item.share:.0%}" if item.share is not None else ""
        bound = _number(item.bound) if item.bound is not None else ""
        sign = "≥" if item.least else "≤"
        verdict = f"void: {item.void}" if item.void else "yes" if item.met else "no"
        name = f"{item.name} ({item.note})" if item.note else item.name
        found.add_row(
            str(item.goal), name, f"{_number(item.value)}{item.unit}", f"{sign} {_number(item.target)}{item.unit}", bound, share, verdict
        )
    return found


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def met_goals(figures: Sequence[Figure]) -> set[int]:
    goals = {item.goal for item in figures}
    return {goal for goal in goals if all(item.met for item in figures if item.goal == goal)}


def machine() -> str:
    return f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def peak_mb(process: int | None = None) -> float:
    """MB that a process, or this one, has held at most. What getrusage tells counts what its parent held as well, so that it is the last resort."""
    status = Path(f"/proc/{process or 'self'}/status")
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    if found:
        return round(int(found[1]) / 1024, 1)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024 * 1024)
    return 0.0 if process else round(most, 1)


Done = dict[str, tuple[dict[int, list[Figure]], float]]  # by part: its figures by goal, and the seconds that it took


def write(done: Done, folder: Path, quick: bool) -> None:
    figures = sorted((item for by_goal, _ in done.values() for items in by_goal.values() for item in items), key=lambda item: item.goal)
    rows = [
        {"part": part, **asdict(item), "met": item.met, "share": item.share}
        for part, (by_goal, _) in done.items()
        for items in by_goal.values()
        for item in items
    ]
    seconds = {part: round(taken, 1) for part, (_, taken) in done.items()}
    told = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "quick": quick,
        "seconds": {**seconds, "all": round(sum(seconds.values()), 1)}, "met": sorted(met_goals(figures)), "figures": rows,
    }  # fmt: skip
    (folder / "bench.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    (folder / "bench.svg").write_text(chart(figures), encoding="utf-8")


def kept(folder: Path, quick: bool) -> Done:
    """What an earlier run on this machine has measured; a part that failed is not among it."""
    path = folder / "bench.json"
    told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if (told.get("machine"), told.get("quick")) != (machine(), quick):
        return {}
    done: Done = {}
    for row in told["figures"]:
        figure = Figure(**{name: value for name, value in row.items() if name not in ("part", "met", "share")})
        done.setdefault(row["part"], ({}, told["seconds"][row["part"]]))[0].setdefault(figure.goal, []).append(figure)
    return {part: found for part, found in done.items() if not any(item.void for items in found[0].values() for item in items)}


def chart(figures: Sequence[Figure]) -> str:
    """How far each figure is beyond its target, as bars around the line of the target."""
    rows, height = [], 24
    for at, item in enumerate(figures):
        ratio = item.value / item.target if item.least and item.target else item.target / item.value if item.value else 2.0
        ratio = 0.0 if item.void else ratio
        width, y = min(ratio, 2.0) * 200, 30 + at * height
        colour = "#2a7d4f" if item.met else "#b3372f"
        rows.append(
            f'<text x="290" y="{y + 14}" text-anchor="end">{item.goal} {_escaped(item.name)[:44]}</text>'
            f'<rect x="300" y="{y + 3}" width="{width:.0f}" height="15" fill="{colour}"/>'
            f'<text x="{306 + width:.0f}" y="{y + 15}">{_number(item.value)}{item.unit}</text>'
        )
    tall = 40 + height * len(figures)
    line = f'<line x1="500" y1="20" x2="500" y2="{tall}" stroke="#555" stroke-dasharray="4 3"/><text x="500" y="15" text-anchor="middle">target</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="820" height="{tall + 10}" font-family="sans-serif" font-size="12" fill="#222">'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(rows)}{line}</svg>'
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def breakdown(item: Figure) -> Table:
    """Of what a figure is the sum of, the largest first."""
    found = Table("position", title=f"{item.name}: {_number(item.value)}{item.unit}")
    found.add_column("figure", justify="right")
    found.add_column("share", justify="right")
    for name, value in sorted(item.data.items(), key=lambda pair: -pair[1]):
        found.add_row(name, f"{value:.4f}{item.unit}" if item.value < 1 else f"{value:.2f}{item.unit}", f"{value / item.value:.0%}")
    return found


def show(figures: Sequence[Figure], goals: int) -> None:
    Console(width=150).print(table(figures), *(breakdown(item) for item in figures if item.data))
    print(f"{len(met_goals(figures))} of {goals} met")
