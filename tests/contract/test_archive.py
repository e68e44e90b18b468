"""`python -m storesync.archive`: a connection's state as one file, out of one table and into another."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from storesync import archive
from storesync.state import portable

from tests.contract.conftest import Remembered
from tests.contract.test_state_portable import fill, seen


@pytest.fixture
def state(memory: Remembered, monkeypatch: pytest.MonkeyPatch) -> Remembered:
    fill(memory)
    memory.connections.change(memory.connection, lambda one: replace(one, paused=True))
    monkeypatch.setattr(archive, "_table", lambda wanted: memory.table)
    return memory


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "main.jsonl"


def test_a_connection_is_taken_out_wiped_and_put_back_as_it_was(state: Remembered, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = seen(state, state.connection)
    assert archive.main(["export", state.connection, str(file)]) == 0
    count = len(file.read_text().splitlines()) - 1
    assert capsys.readouterr().out.startswith(f"{count} records of {state.connection} are in {file}")
    portable.forget(state.table, state.journal())
    assert archive.main(["import", state.connection, str(file)]) == 0
    assert seen(state, state.connection) == before
    assert state.connections.get(state.connection).paused
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_file_that_was_cut_off_or_spoilt_makes_no_connection(state: Remembered, file: Path) -> None:
    assert archive.main(["export", state.connection, str(file)]) == 0
    lines = file.read_text().splitlines(keepends=True)
    cut = [lines[:-1], lines[:-2], [*lines[:1], *lines[2:]], ["[]\n"], ["{\n"], []]
    for number, some in enumerate(cut):
        file.write_text("".join(some))
        assert archive.main(["import", f"again{number}", str(file)]) == 1
    assert [one.id for one in state.connections.list()] == [state.connection]
    file.write_text("".join(lines))
    assert archive.main(["import", "again0", str(file)]) == 0


def test_a_connection_that_runs_or_exists_is_left_alone(state: Remembered, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state.connections.change(state.connection, lambda one: replace(one, paused=False))
    assert archive.main(["export", state.connection, str(file)]) == 1
    assert f"pause {state.connection} first" in capsys.readouterr().err
    assert archive.main(["export", "--running", state.connection, str(file)]) == 0
    assert archive.main(["import", state.connection, str(file)]) == 1
    assert archive.main(["export", "nobody", str(file.with_name("none"))]) == 1
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_no_secret_and_no_lease_is_in_the_file(state: Remembered, file: Path) -> None:
    with state.streams().lease("products", 60):
        assert archive.main(["export", state.connection, str(file)]) == 0
    kinds = {json.loads(line)["kind"] for line in file.read_text().splitlines()}
    assert "lease" not in kinds
    assert not any("secret" in line or "token" in line for line in file.read_text().splitlines())


def test_a_stack_is_asked_for_its_table_and_a_table_may_be_named(aws: None, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert archive.main(["--stack", "nothing-here", "export", "main", str(file)]) == 1
    assert "nothing-here" in capsys.readouterr().err
    assert archive.main(["--table", "state", "export", "nobody", str(file)]) == 1
    assert "no such connection" in capsys.readouterr().err
