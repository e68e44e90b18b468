"""The house rules that a machine can hold."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from storesync.errors import ConfigurationError
from storesync.settings import VARIABLES, Settings

from tests.sandbox.local.template import load

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "shared" / "storesync"
HANDLERS = sorted((ROOT / "functions").glob("*/app.py"))
SOURCES = [*sorted(PACKAGE.rglob("*.py")), *sorted((ROOT / "functions").rglob("*.py"))]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(tree: ast.AST) -> Iterator[str]:
    """Top-level names of absolute imports, wherever they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


def importers(package: str, folder: Path = PACKAGE) -> set[str]:
    found = {path for path in folder.rglob("*.py") if any(name.split(".")[0] == package for name in imports(ast.parse(path.read_text())))}
    return {str(path.relative_to(folder)) for path in found}


@pytest.mark.parametrize("path", HANDLERS, ids=named)
def test_a_handler_stays_a_handler(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= (120 if path.parent.name == "console" else 40)
    banned = {"boto3", "botocore", "requests", "os", "pynamodb"}
    assert not {name.split(".")[0] for name in imports(ast.parse(path.read_text()))} & banned


def test_only_the_settings_read_the_environment() -> None:
    assert importers("os") <= {"settings.py"}


def test_only_the_transport_speaks_http() -> None:
    assert {Path(name).parts[0] for name in importers("requests") | importers("urllib3")} <= {"http", "http.py"}


def test_only_the_tables_know_pynamodb() -> None:
    assert importers("pynamodb") == {"state/tables.py"}


def test_only_the_state_knows_boto3() -> None:
    assert {Path(name).parts[0] for name in importers("boto3") | importers("botocore")} == {"state"}


def test_only_the_telemetry_makes_powertools_objects() -> None:
    assert importers("aws_lambda_powertools") == {"telemetry.py"}


def test_the_sandbox_shops_share_no_code_with_what_they_test() -> None:
    for part in ("cscart", "webasyst", "local"):
        assert importers("storesync", ROOT / "tests" / "sandbox" / part) == set()


ALLOWED_CALLS = {"re.compile", "dataclass", "field", "TypeVar", "frozenset", "Decimal", "timedelta", "itemgetter"}


def top_level_calls(body: list[ast.stmt]) -> Iterator[ast.Call]:
    """Calls that an import would make. Decorators and defaults of dataclasses are definitions."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield from top_level_calls(statement.body)
        elif isinstance(statement, ast.Expr | ast.For | ast.While | ast.With | ast.Try):
            yield from (node for node in ast.walk(statement) if isinstance(node, ast.Call))
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Call):
            yield statement.value


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_nothing_but_definitions_happens_at_import(path: Path) -> None:
    outside = ("boto3", "requests", "open", "settings", "Logger", "Metrics", "Tracer", "Session", "environ", "client", "read_text", "print")
    called = [ast.unparse(call.func) for call in top_level_calls(ast.parse(path.read_text()).body)]
    assert not [name for name in called if name.rsplit(".", 1)[-1] in outside]


@pytest.mark.parametrize("path", [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))], ids=named)
def test_a_file_is_short_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


def test_the_settings_read_are_those_that_the_template_sets() -> None:
    variables = load(ROOT / "template.yaml")["Globals"]["Function"]["Environment"]["Variables"]
    set_by_us = {name for name in variables if not name.startswith(("POWERTOOLS_", "PYTHON", "MALLOC_"))}
    assert set(VARIABLES) == set_by_us | {"AWS_REGION"}


def test_all_problems_of_the_settings_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as told:
        Settings.from_env({"STATE_TABLE": " ", "JOURNAL_DAYS": "many", "ALLOW_PRIVATE_ADDRESSES": "yes"})
    assert len(told.value.problems) == len(VARIABLES)


def test_the_whole_tree_is_formatted() -> None:
    done = subprocess.run([sys.executable, "-m", "ruff", "format", "--check", "."], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run `ruff format`: {done.stdout}"


def test_imports_go_down() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT / "shared")}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_a_hint_is_taken_without_importing_what_it_does_not_need() -> None:
    """A shopper may be waiting for the answer, so the engines, the vendors' clients and the tables stay out of the webhook's start."""
    event = json.loads((ROOT / "events" / "order_webhook_signed.json").read_text())
    program = (
        "import sys, json, types; import app\n"
        "context = types.SimpleNamespace(aws_request_id='1', function_name='order_webhook')\n"
        "answer = app.handler(json.loads(sys.stdin.read()), context)\n"
        "print(json.dumps([answer['statusCode'], sorted(sys.modules)]))"
    )
    environment = {**os.environ, **{name: "4" for name in VARIABLES}, "ALLOW_PRIVATE_ADDRESSES": "false", "CONSOLE_NETWORKS": ""}
    path = os.pathsep.join([str(ROOT / "functions" / "order_webhook"), str(ROOT / "shared")])
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(event),
        env={**environment, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    status, modules = json.loads(done.stdout.splitlines()[-1])
    heavy = re.compile(
        r"(requests|pynamodb|jinja2|tenacity|aws_lambda_powertools|storesync\.(cscart|webasyst|http|sync\.(products|orders|pull|worker)))\b"
    )
    assert status == 401
    assert [name for name in modules if heavy.match(name)] == []


def pinned(path: Path) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s\\;]+)", path.read_text(), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


@pytest.mark.parametrize("folder", ["shared", "functions/console"])
def test_what_is_deployed_is_locked_by_hashes_to_the_versions_that_are_tested(folder: str) -> None:
    lock = ROOT / folder / "requirements.lock"
    assert pinned(lock) == pinned(ROOT / folder / "requirements.txt")
    assert lock.read_text().count("--hash=sha256:") >= len(pinned(lock))
