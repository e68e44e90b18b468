"""Runs mutmut over one part of the package in a workspace of its own, and tells what became of the mutants of each module."""

import argparse
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from json import dumps, loads
from pathlib import Path

ROOT, HERE = Path(__file__).parents[2], Path(__file__).parent
UNITS = ("domain", "sync", "test_authorisation.py", "test_compare.py", "test_console_forms.py", "test_evidence.py", "test_hooks.py")
UNITS += ("test_order_pull.py", "test_order_translation.py", "test_planning.py", "test_statuses.py", "test_takeover_evidence.py")
PRODUCTS = (
    "looks",
    "orders_from_webasyst",
    "products",
    "products_guards",
    "products_identity",
    "products_media",
    "products_preview",
    "products_stock",
    "proof",
)
ORDERS = (
    "damage",
    "faults_orders",
    "faults_products",
    "orders",
    "orders_choice",
    "orders_customers",
    "orders_returns",
    "orders_status",
    "orders_stock",
    "quiet",
    "random_plans",
    "snapshot",
    "takeover",
    "unreadable",
)
PARTS = {"domain": PRODUCTS, "sync": (*PRODUCTS, *ORDERS)}
LONG = (
    "orders.py::test_an_answer_that_is_lost_anywhere_ends_in_one_exact_order",
    "random_plans.py::test_orders_are_made_and_moved_as_planned",
    "random_plans.py::test_the_writes_sent_are_the_writes_planned",
)
LINKS = {"src": "shared", "tests": "tests", "functions": "functions", "events": "events", "template.yaml": "template.yaml"}
KILLED, BY_TYPES, SURVIVED, UNTESTED, TIMED_OUT, UNTRIED = "killed", "by types", "survived", "untested", "timed out", "not tried"
OUTCOMES = {0: SURVIVED, 1: KILLED, 3: KILLED, 33: UNTESTED, 37: BY_TYPES, -14: TIMED_OUT, -24: TIMED_OUT, -9: TIMED_OUT, 152: TIMED_OUT}
NOTICED = (KILLED, BY_TYPES, TIMED_OUT)


def workspace(part: str) -> Path:
    """Mutmut names a mutant by its path, so the package must lie where it is imported from. Made of links; results are kept in it."""
    made = ROOT / ".mutation" / part
    made.mkdir(parents=True, exist_ok=True)
    for name, target in LINKS.items():
        if not (made / name).is_symlink():
            (made / name).symlink_to(ROOT / target)
    settings = (HERE / "workspace.toml").read_text().replace("{part}", part).replace("{tests}", dumps(tests(part), indent=4))
    (made / "pyproject.toml").write_text(settings)
    return made


def tests(part: str) -> list[str]:
    files = [*(f"tests/unit/{name}" for name in UNITS), *(f"tests/integration/test_{name}.py" for name in PARTS[part])]
    return [*files, "tests/mutation/schedules.py", *(f"--deselect=tests/integration/test_{name}" for name in LONG)]


def attempt(place: Path, options: argparse.Namespace) -> int:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    environment = {**os.environ, "PATH": path, "PYTHONHASHSEED": "0", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    asked = [f"--{name}={getattr(options, name)}" for name in ("seconds", "minutes", "jobs")]
    asked += [f"--module={name}" for name in options.module] + ["--again"] * options.again
    return subprocess.run([sys.executable, str(HERE / "trials.py"), *asked], cwd=place, env=environment, check=False).returncode


def outcomes(place: Path) -> Iterator[tuple[str, str, str]]:
    """Module, mutant and what became of it."""
    for path in sorted((place / "mutants" / "src").rglob("*.py.meta")):
        for mutant, code in loads(path.read_text())["exit_code_by_key"].items():
            yield path.name.removesuffix(".py.meta"), mutant, OUTCOMES.get(code, UNTRIED if code is None else f"code {code}")


def table(part: str, place: Path) -> None:
    found: dict[str, Counter[str]] = {}
    for module, _, outcome in outcomes(place):
        found.setdefault(module, Counter())[outcome] += 1
    columns = sorted({outcome for counts in found.values() for outcome in counts})
    print(f"| {part} | {' | '.join(columns)} | noticed |")
    for module, counts in [*found.items(), ("all", sum(found.values(), Counter()))]:
        share = sum(counts[name] for name in NOTICED) / max(counts.total() - counts[UNTRIED], 1)
        print(f"| {module} | {' | '.join(str(counts[name]) for name in columns)} | {share:.1%} |")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help="domain, sync (default: both)")
    parser.add_argument("--module", action="append", default=[], metavar="NAME", help="only this module; can be given several times")
    parser.add_argument("--again", action="store_true", help="also those again that survived or had no test")
    parser.add_argument("--seconds", type=float, default=1.0, help="of tests for each mutant, the quickest that reach it (default: 1)")
    parser.add_argument("--minutes", type=float, default=600.0, help="then stop; what was found out is kept, the next run goes on")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time (default: 2)")
    parser.add_argument("--table", action="store_true", help="try nothing, tell what is known")
    chosen = parser.parse_args()
    for part in chosen.parts or PARTS:
        place = workspace(part)
        if not chosen.table and (code := attempt(place, chosen)):
            return code
        table(part, place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
