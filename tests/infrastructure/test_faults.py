"""The list of faults and the tests named after their numbers say the same; and two rules that belong to no part of the code."""

import ast
import io
import json
import re
from pathlib import Path

import pytest
from storesync import telemetry

ROOT = Path(__file__).parents[2]
NUMBERS = [f"{number:02}" for number in range(1, 73)]
CASE = re.compile(r"^- (\d\d[abc]?) \S.*\.$", re.MULTILINE)


def listed() -> list[str]:
    return CASE.findall((ROOT / "tests" / "faults.md").read_text())


def proved() -> dict[str, list[str]]:
    """By number, the tests that carry it."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and (match := re.match(r"test_faults?((?:_\d\d[abc]?)+)_\D", node.name)):
                for number in match[1].strip("_").split("_"):
                    found.setdefault(number, []).append(node.name)
    return found


def test_every_case_is_listed_once_and_in_order() -> None:
    found = listed()
    assert found == sorted(found)
    assert found == sorted([*NUMBERS, "23a", "23b", "23c"])


def test_every_case_has_a_test_and_every_number_in_a_name_is_a_case() -> None:
    tests = proved()
    assert [number for number in listed() if number not in tests] == []
    assert sorted(tests.keys() - set(listed())) == []


def test_what_is_not_tested_has_a_reason() -> None:
    left = (ROOT / "tests" / "faults.md").read_text().partition("**Not tested**")[2]
    reasons = re.findall(r"^- (\d\d[abc]?): (.+)\.$", left, re.MULTILINE)
    assert reasons and all(number in listed() and len(reason) > 30 for number, reason in reasons)


def test_fault_59_no_function_writes_to_a_disk() -> None:
    """A full /tmp stops nothing. The command that makes an archive runs elsewhere, on its operator's machine."""
    written = []
    for path in [*(ROOT / "shared" / "storesync").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        if path.name == "archive.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            name = ast.unparse(node.func).rsplit(".", 1)[-1] if isinstance(node, ast.Call) else ""
            imported = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if name in ("open", "write_text", "write_bytes", "mkdir", "NamedTemporaryFile") or "tempfile" in imported:
                written.append(f"{path.name}: {name or imported}")
    assert written == []


def test_fault_68_a_line_break_in_what_is_logged_makes_no_second_line(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(telemetry.logger().registered_handler, "stream", written)
    forged = 'lost\r\n{"level":"ERROR","message":"forged"}\n\x1b[31m'
    telemetry.logger().warning("page failed", reason=forged)
    lines = [line for line in written.getvalue().splitlines() if line]
    assert len(lines) == 1
    assert json.loads(lines[0])["reason"] == forged
