"""A connection's state out of a deployed stack as one file, and back in: `python -m storesync.archive --help`. With the AWS login of the shell."""

import argparse
import gzip
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from .command import ended
from .errors import ConfigurationError
from .state import portable, stacks
from .state.connections import Connections
from .state.tables import Table


def main(arguments: Sequence[str] | None = None) -> int:
    wanted = _parser().parse_args(arguments)
    return ended(lambda: print(ACTIONS[wanted.action](_table(wanted), wanted)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("storesync.archive", description="A connection's state as one file of JSON lines, without secrets.")
    parser.add_argument("--stack", default="storesync", help="name of the CloudFormation stack")
    parser.add_argument("--table", help="name of the state table, where there is no stack to ask")
    actions = parser.add_subparsers(dest="action", required=True)
    out = actions.add_parser("export", help="settings, links, cursors and what is set aside; not the journal")
    out.add_argument("--running", action="store_true", help="although the connection is not paused: what changes meanwhile may be missing")
    back = actions.add_parser("import", help="into a connection that does not exist yet")
    for action in (out, back):
        action.add_argument("connection")
        action.add_argument("file", type=Path)
    return parser


def _table(wanted: argparse.Namespace) -> Table:
    (name,) = [wanted.table] if wanted.table else stacks.outputs(wanted.stack, ("StateTableName",))
    return Table(name, stacks.region())


def _export(table: Table, wanted: argparse.Namespace) -> str:
    """Nothing is left of a file that was not finished."""
    if not (wanted.running or Connections(table).get(wanted.connection).paused):
        raise ConfigurationError([f"pause {wanted.connection} first (console, Overview), or say --running"])
    part, count = wanted.file.with_name(f"{wanted.file.name}.part"), -1  # the last line counts the others
    try:
        with part.open("w", encoding="utf-8") as out:
            for line in portable.lines(table, wanted.connection):
                out.write(line)
                count += 1
        part.replace(wanted.file)
    finally:
        part.unlink(missing_ok=True)
    return f"{count} records of {wanted.connection} are in {wanted.file}; secrets and the journal are not in it"


def _import(table: Table, wanted: argparse.Namespace) -> str:
    with _opened(wanted.file) as lines:
        count = portable.load(table, wanted.connection, portable.documents(lines))
    return f"{count} records are in {wanted.connection}; enter the key of CS-Cart and get a token of Webasyst in the console, then resume it there"


def _opened(file: Path) -> TextIO:
    """Also as the console hands it out: packed."""
    with file.open("rb") as start:
        is_packed = start.read(2) == b"\x1f\x8b"
    return gzip.open(file, "rt", encoding="utf-8") if is_packed else file.open(encoding="utf-8")


ACTIONS = {"export": _export, "import": _import}

if __name__ == "__main__":
    sys.exit(main())
