"""Commands for whoever runs a stack: `python -m storesync.operate --help`. They use the AWS account that the shell is signed in to."""

import argparse
import sys
from collections.abc import Callable, Sequence

from .command import ended
from .state import stacks
from .state.backlog import Backlog, DeadLetter


def main(arguments: Sequence[str] | None = None) -> int:
    wanted = _parser().parse_args(arguments)
    return ended(lambda: ACTIONS[wanted.action](_backlogs(wanted), wanted))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("storesync.operate", description="Changes that failed five times, and starts that failed.")
    parser.add_argument("--stack", default="storesync", help="name of the CloudFormation stack")
    parser.add_argument("--queue", help="address of the queue of changes, where there is no stack to ask")
    parser.add_argument("--dead-letters", help="address of the queue of dead letters, with --queue")
    parser.add_argument("--connection", default="", help="only those of this connection")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="what lies there; nothing is changed")
    for name, does in (("again", "send to the workers once more"), ("dismiss", "throw away")):
        action = actions.add_parser(name, help=does)
        which = action.add_mutually_exclusive_group(required=True)
        which.add_argument("--all", action="store_true", help="every one")
        which.add_argument("ids", nargs="*", default=[], help="those with these ids, as `list` shows them")
    return parser


def _backlogs(wanted: argparse.Namespace) -> tuple[Backlog, Backlog | None]:
    """The changes, and the starts where the stack tells of them."""
    if wanted.queue or wanted.dead_letters:
        return Backlog(wanted.queue or "", wanted.dead_letters or ""), None
    queue, dead, starts = stacks.outputs(wanted.stack, ("QueueUrl", "DeadLettersUrl", "FailedStartsUrl"))
    return Backlog(queue, dead), Backlog(queue, starts)


def _list(backlogs: tuple[Backlog, Backlog | None], wanted: argparse.Namespace) -> None:
    changes, starts = backlogs
    letters = changes.letters(wanted.connection)
    for letter in letters:
        print(_line(letter))
    print(f"{changes.waiting()} changes wait, {changes.dead()} are dead letters, {len(letters)} of them shown")
    if starts and (failed := starts.dead()):
        print(f"{failed} scheduled starts failed; later ones have made good for them: `dismiss --all` ends the alarm")


def _line(letter: DeadLetter) -> str:
    at = f"{letter.at:%Y-%m-%d %H:%M:%S}" if letter.at else ""
    change = letter.change
    what = f"{change.kind} {change.store} {','.join(change.ids)[:60]} ({change.cause})" if change else "cannot be understood"
    return f"{letter.id}  {at}  {letter.connection or '?'}  {what}"


def _again(backlogs: tuple[Backlog, Backlog | None], wanted: argparse.Namespace) -> None:
    print(f"{_every(backlogs[0].again, wanted)} sent again")


def _dismiss(backlogs: tuple[Backlog, Backlog | None], wanted: argparse.Namespace) -> None:
    changes, starts = backlogs
    done = _every(changes.dismiss, wanted)
    if starts and wanted.all and not wanted.connection:
        done += _every(starts.dismiss, wanted)
    print(f"{done} dismissed")


def _every(settle: Callable[[str, list[str] | None], int], wanted: argparse.Namespace) -> int:
    """SQS shows ten of a group at a time, so all are done in rounds."""
    done = count = settle(wanted.connection, None if wanted.all else wanted.ids)
    while wanted.all and count:
        done += (count := settle(wanted.connection, None))
    return done


ACTIONS = {"list": _list, "again": _again, "dismiss": _dismiss}

if __name__ == "__main__":
    sys.exit(main())
