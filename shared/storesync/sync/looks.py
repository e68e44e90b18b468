"""Answers to the console's questions: the worker looks, the answer is kept as a sheet for a while. Nothing is written to a store."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from ..domain.changes import Cause, Change, Kind
from ..domain.findings import Finding, Weight
from ..domain.model import StoreName
from ..errors import ConfigurationError, SyncError
from . import proof, repair
from .budget import Budget
from .ports import Store, StoreInfo, World
from .selftest import NAMES, findings

KEEP_SECONDS = 30 * 86_400
BUDGET_SECONDS = 100.0


class Sheets(Protocol):
    def get(self, name: str) -> dict[str, Any]:
        """Empty when there is none."""

    def save(self, name: str, sheet: dict[str, Any], seconds: int) -> None: ...


class Looks:
    def __init__(self, world: World, sheets: Sheets) -> None:
        self._world, self._sheets = world, sheets

    def answer(self, ids: tuple[str, ...]) -> dict[str, int]:
        """`survey`: what both shops say of themselves, and the self-test. `preview`: what a first sync would find, counted by SKU.
        `proof`: whether both shops agree; `repair`: what a proof lists is brought together.
        """
        if ids[0] == "survey":
            return self._survey()
        if ids[0] == "preview":
            return self._preview()
        if ids[0] == proof.QUESTION:
            return proof.Proof(self._world, self._sheets, Budget.of(self._world.clock)).run(*ids[1:])
        if ids[0] == repair.QUESTION:
            return repair.Repair(self._world).run(proof.differences(self._sheets, ids[1]))
        return {"unknown": 1}

    # -- survey

    def _survey(self) -> dict[str, int]:
        infos, problems = {}, []
        for store in StoreName:
            try:
                infos[store] = shop_sheet(self._world.store(store))
                self._sheets.save(f"shop:{store}", infos[store], KEEP_SECONDS)
            except (SyncError, ConfigurationError) as error:
                said = {"shop": NAMES[store], "advice": error.advice}
                problems.append(Finding("connection", Weight.STOPS, "%(shop)s: %(advice)s", said))
        now = self._world.clock.now()
        known = {store: self._world.store(store).info() for store in infos}
        found = [*problems, *findings(self._world.connection, known, now, self._world.links)]
        self._sheets.save("survey", {"at": now.isoformat(), "findings": [asdict(one) for one in found]}, KEEP_SECONDS)
        return {"findings": len(found)}

    # -- preview

    def _preview(self) -> dict[str, int]:
        """Both catalogues are indexed by SKU, as the first sync needs it anyway; then counted side by side."""
        try:
            return self._count()
        except (SyncError, ConfigurationError) as error:
            self._sheets.save("preview", {"at": self._world.clock.now().isoformat(), "problem": error.advice}, KEEP_SECONDS)
            return {"failed": 1}

    def _count(self) -> dict[str, int]:
        deadline = self._world.clock.monotonic() + BUDGET_SECONDS
        for store in StoreName:
            if not self._indexed(store, deadline):
                self._world.queue.send([look(self._world.connection.id, "preview", self._world.clock.now().isoformat())])
                return {"continued": 1}
        sheet = {"at": self._world.clock.now().isoformat(), **self._counts()}
        self._sheets.save("preview", sheet, KEEP_SECONDS)
        return {"counted": 1}

    def _indexed(self, store: StoreName, deadline: float) -> bool:
        streams = self._world.streams
        if streams.cursor(f"indexed:{store}"):
            return True
        started = self._world.store(store).now()
        done = int(self._sheets.get(f"indexing:{store}").get("done", 0))
        for page in self._world.store(store).scan(streams.cursor(f"index:{store}")):
            self._world.links.index(store, page.items)
            done += len(page.items)
            self._sheets.save(f"indexing:{store}", {"done": done, "total": page.total}, KEEP_SECONDS)
            streams.save_cursor(f"index:{store}", page.position)
            if self._world.clock.monotonic() > deadline:
                return False
        streams.save_cursor(f"indexed:{store}", started.isoformat())
        return True

    def _counts(self) -> dict[str, int]:
        """A merge of two sorted lists: neither catalogue is held."""
        counts = dict.fromkeys(("both", "only_cscart", "only_webasyst", "doubtful"), 0)
        for ours, theirs in _merged(self._world.links.sku_index(StoreName.CSCART), self._world.links.sku_index(StoreName.WEBASYST)):
            if any(len({entry[2] for entry in side}) > 1 for side in (ours, theirs)):
                counts["doubtful"] += 1
            elif ours and theirs:
                counts["both" if ours[0][0] == theirs[0][0] else "doubtful"] += 1
            else:
                counts["only_cscart" if ours else "only_webasyst"] += 1
        return counts


Entries = tuple[tuple[str, str, str], ...]


def _merged(ours: Iterator[tuple[str, Entries]], theirs: Iterator[tuple[str, Entries]]) -> Iterator[tuple[Entries, Entries]]:
    left, right = next(ours, None), next(theirs, None)
    while left or right:
        if right is None or (left and left[0].encode() < right[0].encode()):
            assert left
            yield left[1], ()
            left = next(ours, None)
        elif left is None or right[0].encode() < left[0].encode():
            yield (), right[1]
            right = next(theirs, None)
        else:
            yield left[1], right[1]
            left, right = next(ours, None), next(theirs, None)


def look(connection: str, question: str, observation: str, *more: str) -> Change:
    return Change(connection, Kind.LOOK, StoreName.CSCART, (question, *more), Cause.CONSOLE, observation)


def shop_sheet(store: Store) -> dict[str, Any]:
    """What the console shows of a shop: names of its lists, nothing of its records."""
    info = store.info()
    categories = {item.id: item.path or item.name for item in store.categories()}
    return {"at": info.now.isoformat(), "categories": categories, **_plain(info)}


def _plain(info: StoreInfo) -> dict[str, Any]:
    found = asdict(info)
    found.pop("now")
    return found | {"currencies": {code: str(rate) for code, rate in info.currencies.items()}}


def at(sheet: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(str(sheet["at"])) if sheet.get("at") else None
