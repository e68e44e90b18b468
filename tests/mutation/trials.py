"""Run in the workspace of a part: mutmut makes the mutants, mypy refuses its share of them, and each other one is tried in a fork.

Mutmut's own runner starts pytest anew for each mutant and asks mypy about all of them each time. Here the tests are collected once,
mypy is asked about changed modules only, and a mutant gets the quickest tests that reach its function, a few seconds of them.
"""

import os
import resource
import signal
import sys
import time
from argparse import ArgumentParser, Namespace
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from mutmut import __main__ as mutmut
from mutmut.configuration import config
from mutmut.mutation.data import MutantLineSpans, SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.type_checking import run_type_checker
from mutmut.utils.file_utils import change_cwd, copy_also_copy_files, copy_src_dir
from mutmut.utils.format_utils import get_mutant_name, mangled_name_from_mutant_name

SURVIVED, KILLED, UNTESTED, BY_TYPES = 0, 1, 33, 37
STATS = Path("mutants/mutmut-stats.json")
FEWEST, FAVOURITES = 3, 12
CPU_SECONDS, WALL_SECONDS = 3, 90
SAVED_EVERY = 20.0


def of_module(mutant: str) -> str:
    return mutant.rpartition(".")[0]


def module(data: SourceFileMutationData) -> str:
    return Path(data.path).stem


def made() -> list[SourceFileMutationData]:
    """What was found out about functions that have not changed since is kept."""
    set_mutant_under_test("mutant_generation")
    copy_src_dir()
    copy_also_copy_files()
    mutmut.setup_source_paths()
    mutmut.create_mutants(1)
    found = list(mutmut.collect_source_file_mutation_data(mutant_names=())[1].values())
    for data in found:
        data.meta_path = data.meta_path.absolute()  # the tests run in another folder
    return found


def refuse(changed: list[SourceFileMutationData]) -> None:
    """Mypy's verdict on the mutants of changed modules. (Mutmut parses all the mutants to tell whose line an error is on: minutes.)"""
    with change_cwd("mutants"):
        errors = run_type_checker([*config().type_check_command, *(str(data.path) for data in changed)])
    if not errors:
        raise RuntimeError("mypy refused nothing at all; ask it in the workspace why")
    for data in changed:
        path = Path("mutants") / str(data.path)
        lines = {error.line_number: error.error_description for error in errors if error.file_path == path.absolute()}
        for name, span in MutantLineSpans.load(data.path).span_by_function_name.items():
            found = [lines[line] for line in range(span.start, span.end + 1) if line in lines]
            mutant = get_mutant_name(Path(data.path), name)
            if found and data.exit_code_by_key.get(mutant, SURVIVED) is None:
                data.exit_code_by_key[mutant], data.type_check_error_by_key[mutant] = BY_TYPES, found[0]
        data.save()
        path.with_name(path.name + ".typed").touch()


def measure() -> None:
    """Which tests reach which function, and how long they take."""
    if STATS.exists() and max(path.stat().st_mtime for path in Path("tests").resolve().rglob("*.py")) < STATS.stat().st_mtime:
        mutmut.load_stats()
    else:
        mutmut.collect_or_load_stats(mutmut.get_mutant_runner(1))


def reaching(mutant: str) -> set[str]:
    return state().tests_by_mangled_function_name.get(mangled_name_from_mutant_name(mutant), set())


def typed(data: SourceFileMutationData) -> bool:
    path = Path("mutants") / str(data.path)
    mark = path.with_name(path.name + ".typed")
    return mark.exists() and mark.stat().st_mtime >= path.stat().st_mtime


@dataclass
class Trials:
    """A plugin that tries mutants instead of running the collected tests. `seconds`: of tests, for each mutant."""

    mutants: list[tuple[SourceFileMutationData, str]]
    seconds: float
    until: float
    jobs: int
    running: dict[int, tuple[SourceFileMutationData, str, int]] = field(default_factory=dict)
    killers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    trusted: set[str] = field(default_factory=set)
    saved: float = field(default_factory=time.monotonic)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = {item.nodeid: item for item in session.items}
        for data, mutant in self.mutants:
            if time.monotonic() > self.until:
                break
            chosen = self.tests(mutant)
            if not chosen:
                data.exit_code_by_key[mutant] = UNTESTED
                continue
            while len(self.running) >= self.jobs:
                self.ended()
            self.begin(data, mutant, chosen)
        while self.running:
            self.ended()
        for data in {id(data): data for data, _ in self.mutants}.values():
            data.save()
        return True

    def tests(self, mutant: str) -> list[str]:
        """Those that noticed a mutant of the same function, those that noticed most in its module, then the quickest."""
        names = sorted(reaching(mutant) & self.items.keys(), key=lambda name: (self.lasts(name), name))
        spent = list(accumulate(map(self.lasts, names)))
        quickest = [name for at, name in enumerate(names) if at < FEWEST or spent[at] <= self.seconds]
        keen = [name for name, _ in self.killers[of_module(mutant)].most_common() if name in names][:FAVOURITES]
        same = [name for name, _ in self.killers[mangled_name_from_mutant_name(mutant)].most_common()]
        return list(dict.fromkeys((*same, *keen, *quickest)))

    def lasts(self, name: str) -> float:
        return state().duration_by_test.get(name, 0.0)

    def begin(self, data: SourceFileMutationData, mutant: str, chosen: list[str]) -> None:
        reading, writing = os.pipe()
        pid = self.fork(mutant, chosen, writing)
        os.close(writing)
        self.running[pid] = (data, mutant, reading)

    def fork(self, mutant: str, chosen: list[str], writing: int | None = None) -> int:
        if pid := os.fork():
            return pid
        code = KILLED
        try:
            set_mutant_under_test(mutant)
            used = resource.getrusage(resource.RUSAGE_SELF)
            limit = int(used.ru_utime + used.ru_stime + CPU_SECONDS + 3 * sum(map(self.lasts, chosen)))
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
            signal.alarm(WALL_SECONDS)
            code = self.noticed(chosen, writing)
        finally:
            os._exit(code)

    def noticed(self, chosen: list[str], writing: int | None) -> int:
        following = [self.items[name] for name in chosen[1:]]
        for name, after in zip(chosen, [*following, None], strict=True):
            if any(report.failed for report in runtestprotocol(self.items[name], log=False, nextitem=after)):
                if writing is not None:
                    os.write(writing, name.encode())
                return KILLED
        return SURVIVED

    def ended(self) -> None:
        pid, status = os.wait()
        data, mutant, reading = self.running.pop(pid)
        killer = os.read(reading, 4096).decode()
        os.close(reading)
        if killer:
            self.trust(killer)
            for place in (mangled_name_from_mutant_name(mutant), of_module(mutant)):
                self.killers[place][killer] += 1
        data.exit_code_by_key[mutant] = os.waitstatus_to_exitcode(status)
        if time.monotonic() - self.saved > SAVED_EVERY:
            self.saved = time.monotonic()
            data.save()
            print(f"{mutant} {data.exit_code_by_key[mutant]}", file=sys.__stderr__, flush=True)

    def trust(self, killer: str) -> None:
        """A test that fails without any mutant has noticed nothing."""
        if killer not in self.trusted:
            _, status = os.waitpid(self.fork("", [killer]), 0)
            if status:
                raise RuntimeError(f"{killer} fails on the unchanged code")
            self.trusted.add(killer)


def wanted(options: Namespace, found: list[SourceFileMutationData]) -> list[tuple[SourceFileMutationData, str]]:
    again = {None, SURVIVED, UNTESTED} if options.again else {None}
    chosen = [data for data in found if not options.module or module(data) in options.module]
    return [(data, mutant) for data in chosen for mutant, code in data.exit_code_by_key.items() if code in again]


def main() -> int:
    parser = ArgumentParser()
    parser.add_argument("--module", action="append")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--jobs", type=int)
    options = parser.parse_args()
    until = time.monotonic() + options.minutes * 60
    found = made()
    if changed := [data for data in found if not typed(data)]:
        STATS.unlink(missing_ok=True)
        refuse(changed)
    measure()
    set_mutant_under_test("")
    mutants = wanted(options, found)
    files = {name.partition("::")[0] for _, mutant in mutants for name in reaching(mutant)}
    trials = Trials(mutants, options.seconds, until, options.jobs)
    if not files:
        return 0
    with change_cwd("mutants"):
        return int(pytest.main(["--rootdir=.", "--tb=native", "-q", *config().pytest_add_cli_args, *sorted(files)], plugins=[trials]))


if __name__ == "__main__":
    sys.exit(main())
