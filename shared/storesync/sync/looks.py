"""Answers to the console's questions: the worker looks, the answer is kept as a sheet for a while. Nothing is written to a store."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Protocol

from ..domain.changes import Cause, Change, Kind
from ..domain.findings import Finding, Weight
from ..domain.model import StoreName
from ..errors import ConfigurationError, NotFound, SyncError
from . import choosing, comparing, order_choosing, pairing, proof, repair, snapshot, takeover
from .budget import Budget
from .index import SkuIndex
from .leases import LEASE_SECONDS, patient_lease
from .ports import Store, StoreInfo, World
from .selftest import NAMES, findings

KEEP_SECONDS = 30 * 86_400
KEEP_COMPARISON = 3600
HOOKS_MISSING = "This CS-Cart has no hooks to register: install the add-on instead."


class Sheets(Protocol):
    def get(self, name: str) -> dict[str, Any]:
        """Empty when there is none."""

    def save(self, name: str, sheet: dict[str, Any], seconds: int) -> None: ...


class Looks:
    """`register` has the CS-Cart shop send its hints to us, and says how many hooks do."""

    def __init__(self, world: World, sheets: Sheets, budget: Budget | None = None, register: Callable[[], int] = lambda: 0) -> None:
        self._world, self._sheets, self._budget, self._register = world, sheets, budget or Budget.of(world.clock), register

    def answer(self, ids: tuple[str, ...]) -> dict[str, int]:
        """`survey`: what both shops say of themselves, and the self-test. `preview`: what a first sync would find, counted by SKU.
        `product` or `order`, a store and an id: both sides of that record. `proof`: whether both shops agree; `repair`: what a proof lists is
        brought together; `choose`, a store and a CS-Cart product, or `choose_order`, a store and an order of a store: that store's values win. `hooks`: CS-Cart
        tells us of changes by itself.
        `takeover` since a day: which orders another tool has mirrored; `adopt`: those that the owner confirmed are linked. `snapshot`:
        both shops as one file.
        """
        if ids[0] in ("product", "order"):
            return self._compare(ids[0], StoreName(ids[1]), ids[2]) if len(ids) == 3 else {"unknown": 1}
        found = self._answers().get(ids[0])
        return found(*ids[1:]) if found else {"unknown": 1}

    def _answers(self) -> dict[str, Callable[..., dict[str, int]]]:
        world, sheets, budget = self._world, self._sheets, self._budget
        return {
            "survey": self._survey,
            "preview": self._preview,
            "hooks": self._hooks,
            proof.QUESTION: proof.Proof(world, sheets, budget).run,
            repair.QUESTION: lambda proof_id: repair.Repair(world).run(proof.differences(sheets, proof_id)),
            choosing.QUESTION: lambda store, product: choosing.Choice(world).run(StoreName(store), product),
            order_choosing.QUESTION: lambda wins, store, order: order_choosing.OrderChoice(world).run(
                StoreName(wins), StoreName(store), order
            ),
            takeover.QUESTION: takeover.TakeOver(world, sheets, budget).run,
            takeover.ADOPT: takeover.Adoption(world).run,
            snapshot.QUESTION: snapshot.Snapshot(world, sheets, budget).run,
        }

    def _hooks(self) -> dict[str, int]:
        """Has CS-Cart's own hooks send their hints to us."""
        try:
            sheet: dict[str, Any] = {"registered": self._register()}
        except NotFound:
            sheet = {"problem": HOOKS_MISSING}
        except (SyncError, ConfigurationError) as error:
            sheet = {"problem": error.advice}
        self._sheets.save("hooks", {"at": self._world.clock.now().isoformat(), **sheet}, KEEP_SECONDS)
        return {"registered": int(sheet.get("registered", 0))}

    # -- one record

    def _compare(self, kind: str, store: StoreName, record_id: str) -> dict[str, int]:
        try:
            found = (
                comparing.product(self._world, store, record_id) if kind == "product" else comparing.order(self._world, store, record_id)
            )
        except (SyncError, ConfigurationError) as error:
            found = {"problem": error.advice, "lines": [], "here": {}}
        found["at"] = self._world.clock.now().isoformat()
        self._sheets.save(sheet_name(kind, store, record_id), found, KEEP_COMPARISON)
        return {"compared": 1}

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
        if not problems:
            with suppress(SyncError):  # a right that is missing is told already
                found += pairing.findings(self._world)
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
        """Counted in another message than indexed: a list that is read at once may not show what was written last."""
        index = SkuIndex(self._world)
        if not index.ready:
            with patient_lease(self._world, "products", LEASE_SECONDS) as lease:
                index.prepare(lease, self._budget)
            self._world.queue.send([look(self._world.connection.id, "preview", self._world.clock.now().isoformat())])
            return {"continued": 1}
        sheet = {"at": self._world.clock.now().isoformat(), **self._counts()}
        self._sheets.save("preview", sheet, KEEP_SECONDS)
        return {"counted": 1}

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


def sheet_name(kind: str, store: StoreName, record_id: str) -> str:
    return f"{kind}:{store}:{record_id}"


def look(connection: str, question: str, observation: str, *more: str) -> Change:
    return Change(connection, Kind.LOOK, StoreName.CSCART, (question, *more), Cause.CONSOLE, observation)


def shop_sheet(store: Store) -> dict[str, Any]:
    """What the console shows of a shop: names of its lists, nothing of its records."""
    info = store.info()
    categories = {item.id: item.path or item.name for item in store.categories()}
    return {"at": info.now.isoformat(), "categories": categories, **_plain(info), **asdict(store.methods())}


def _plain(info: StoreInfo) -> dict[str, Any]:
    found = asdict(info)
    found.pop("now")
    return found | {"currencies": {code: str(rate) for code, rate in info.currencies.items()}}
