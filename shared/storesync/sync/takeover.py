"""Taking over from another tool: orders that it mirrored are recognised by evidence, proposed, and linked when the owner confirms them.

Nothing is written to a shop, and nothing is linked by itself. What was found lies in sheets: `takeover` tells how far it is,
`takeover:index:<n>` what identifies Webasyst's orders (the buyer's e-mail as a hash), `takeover:pairs:<n>` what is proposed.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ..domain import prints
from ..domain.changes import Cause, Change, Kind
from ..domain.journal import Action
from ..domain.model import StoreName
from ..domain.order_translation import cents
from ..domain.orders import Order, ids_behind
from .budget import Budget
from .leases import LEASE_SECONDS, patient_lease
from .order_work import OrderWork
from .ports import World
from .proof import Sheets

QUESTION, ADOPT = "takeover", "adopt"
NUMBER, TOTAL, EMAIL, LINES, DATE = "number", "total", "email", "lines", "date"
NEAR = timedelta(days=2)
AT_ONCE, PER_SHEET, MOST_NUMBERS = 20, 500, 20
KEEP_SECONDS = 14 * 86_400
READ_WEBASYST, READ_CSCART, DONE = "webasyst", "cscart", "done"
_NUMBERS = re.compile(r"(?<![\w.,-])\d{1,10}(?![\w-]|[.,]\d)")


@dataclass(frozen=True, slots=True)
class Trace:
    """What identifies an order of either shop: `total` with its currency, `at` in ISO form, `email` and `lines` as prints."""

    id: str
    total: str
    at: str
    email: str = ""
    lines: str = ""
    numbers: tuple[str, ...] = ()


def trace(order: Order) -> Trace:
    skus = sorted((line.sku.strip(), prints.number(Decimal(line.quantity))) for line in order.lines if line.sku.strip())
    key = order.customer.email_key
    return Trace(
        order.id,
        f"{cents(order.total)} {order.currency}",
        order.created_at.isoformat() if order.created_at else "",
        prints.of_value(key) if key else "",
        prints.of_value(skus) if skus else "",
        tuple(dict.fromkeys(_NUMBERS.findall(order.comment)))[:MOST_NUMBERS],
    )


def evidence(ours: Trace, theirs: Trace) -> tuple[str, ...]:
    """Why Webasyst's order may be the mirror of CS-Cart's."""
    found = {
        NUMBER: ours.id in theirs.numbers,
        TOTAL: ours.total == theirs.total,
        EMAIL: bool(ours.email) and ours.email == theirs.email,
        LINES: bool(ours.lines) and ours.lines == theirs.lines,
        DATE: _near(ours.at, theirs.at),
    }
    return tuple(name for name, holds in found.items() if holds)


def _near(ours: str, theirs: str) -> bool:
    return bool(ours and theirs) and abs(datetime.fromisoformat(ours) - datetime.fromisoformat(theirs)) <= NEAR


def is_strong(found: Iterable[str]) -> bool:
    """The number in the comment with one thing more that says so, or total, date and e-mail together."""
    names = set(found)
    return {NUMBER, TOTAL} <= names or {NUMBER, EMAIL} <= names or {TOTAL, EMAIL, DATE} <= names


def is_worth_showing(found: Iterable[str]) -> bool:
    """A total or a buyer alone says nothing; a number alone may be a house's."""
    names = set(found)
    return is_strong(names) or len(names & {NUMBER, TOTAL, EMAIL, LINES}) >= 2 or {NUMBER, DATE} <= names


Found = tuple[Trace, Trace, tuple[str, ...]]


def propose(ours: Iterable[Trace], theirs: Sequence[Trace]) -> Iterator[dict[str, Any]]:
    """Every pair that is worth showing. `certain`: the evidence is strong and neither order has another partner as strong; such orders
    are proposed to nobody else."""
    found = list(_pairs(ours, theirs))
    certain = _alone([one for one in found if NUMBER in one[2] and is_strong(one[2])])
    settled = _ids(found, certain)
    certain |= _alone([one for one in found if is_strong(one[2]) and not settled & {(0, one[0].id), (1, one[1].id)}])
    settled = _ids(found, certain)
    for order, one, why in found:
        pair = order.id, one.id
        if pair in certain or not settled & {(0, order.id), (1, one.id)}:
            told = {"evidence": list(why), "certain": pair in certain, "total": order.total, "at": order.at}
            yield {"cscart": order.id, "webasyst": one.id, **told}


def _pairs(ours: Iterable[Trace], theirs: Sequence[Trace]) -> Iterator[Found]:
    by: dict[tuple[str, str], list[Trace]] = defaultdict(list)
    for one in theirs:
        for key in ((TOTAL, one.total), (LINES, one.lines), *((NUMBER, number) for number in one.numbers)):
            by[key].append(one)
    for order in ours:
        near = {one.id: one for key in ((NUMBER, order.id), (TOTAL, order.total), (LINES, order.lines)) for one in by.get(key, ())}
        yield from ((order, one, why) for one in near.values() if is_worth_showing(why := evidence(order, one)))


def _alone(found: Sequence[Found]) -> set[tuple[str, str]]:
    here, there = Counter(order.id for order, _, _ in found), Counter(one.id for _, one, _ in found)
    return {(order.id, one.id) for order, one, _ in found if here[order.id] == there[one.id] == 1}


def _ids(found: Sequence[Found], certain: set[tuple[str, str]]) -> set[tuple[int, str]]:
    """Both sides' orders of these pairs."""
    chosen = [(order.id, one.id) for order, one, _ in found if (order.id, one.id) in certain]
    return {(side, pair[side]) for pair in chosen for side in (0, 1)}


class TakeOver:
    """Reads the orders of both shops that changed since a day; goes as far as the time allows, and on in the next message."""

    def __init__(self, world: World, sheets: Sheets, budget: Budget) -> None:
        self.world, self.sheets, self.budget = world, sheets, budget
        self.head: dict[str, Any] = {}

    def run(self, since: str, going_on: str = "") -> dict[str, int]:
        """`since` is a day in ISO form; without `going_on` it begins anew."""
        self.head = self.sheets.get(QUESTION) if going_on else {}
        if not self.head:
            self.head = {
                "at": self.world.clock.now().isoformat(),
                "since": since,
                "phase": READ_WEBASYST,
                "position": 0,
                "webasyst": 0,
                "cscart": 0,
            }
        for phase, store, following in ((READ_WEBASYST, StoreName.WEBASYST, READ_CSCART), (READ_CSCART, StoreName.CSCART, DONE)):
            if self.head["phase"] == phase:
                if not self._read(store):
                    self.world.queue.send([ask(self.world.connection.id, since, self.world.clock.now().isoformat(), going_on="1")])
                    return {"continued": 1}
                self.head |= {"phase": following, "position": 0}
        self._finish()
        return {"proposed": self.head["proposed"]}

    def _read(self, store: StoreName) -> bool:
        since = datetime.fromisoformat(self.head["since"])
        heads = (head for page in self.world.store(store).changed_orders(since) for head in page.items if not head.is_parent)
        ids = ids_behind(heads, self.head["position"])
        fresh: list[Trace] = []
        for at in range(0, len(ids), AT_ONCE):
            if at and self.budget.spent:
                break
            fresh += [trace(order) for order in self._unlinked(store, ids[at : at + AT_ONCE])]
            self.head["position"] = int(ids[min(at + AT_ONCE, len(ids)) - 1])
        self._keep(store, fresh)
        self.sheets.save(QUESTION, self.head, KEEP_SECONDS)
        return not ids or self.head["position"] == int(ids[-1])

    def _unlinked(self, store: StoreName, ids: Sequence[str]) -> Iterator[Order]:
        """Those that nobody has linked; our own mark speaks for itself."""
        wanted = [item for item in ids if self.world.links.order(store, item) is None]
        for order in self.world.store(store).orders(wanted) if wanted else ():
            if not (order.is_parent or order.incomplete or order.marker):
                yield order

    def _keep(self, store: StoreName, found: Sequence[Trace]) -> None:
        """Behind what is kept, a full sheet at a time."""
        before = self.head[store.value]
        for at in range(0, len(found), PER_SHEET):
            name = f"{QUESTION}:{store}:{self.head.get(f'{store}_sheets', 0)}"
            self.sheets.save(name, {"traces": [asdict(one) for one in found[at : at + PER_SHEET]]}, KEEP_SECONDS)
            self.head[f"{store}_sheets"] = self.head.get(f"{store}_sheets", 0) + 1
        self.head[store.value] = before + len(found)

    def _traces(self, store: StoreName) -> Iterator[Trace]:
        for number in range(self.head.get(f"{store}_sheets", 0)):
            for one in self.sheets.get(f"{QUESTION}:{store}:{number}").get("traces", ()):
                yield Trace(**{**one, "numbers": tuple(one["numbers"])})

    def _finish(self) -> None:
        pairs = sorted(propose(self._traces(StoreName.CSCART), list(self._traces(StoreName.WEBASYST))), key=lambda one: int(one["cscart"]))
        for number, at in enumerate(range(0, len(pairs), PER_SHEET)):
            self.sheets.save(f"{QUESTION}:pairs:{number}", {"pairs": pairs[at : at + PER_SHEET]}, KEEP_SECONDS)
        told = {"proposed": len(pairs), "certain": sum(one["certain"] for one in pairs)}
        self.head |= {**told, "pair_sheets": -(-len(pairs) // PER_SHEET)}
        self.sheets.save(QUESTION, self.head, KEEP_SECONDS)


def pairs(sheets: Sheets) -> Iterator[dict[str, Any]]:
    """What the last take-over proposes."""
    head = sheets.get(QUESTION)
    for number in range(head.get("pair_sheets", 0) if head.get("phase") == DONE else 0):
        yield from sheets.get(f"{QUESTION}:pairs:{number}").get("pairs", ())


def ask(connection: str, since: str, observation: str, going_on: str = "") -> Change:
    ids = (QUESTION, since, going_on) if going_on else (QUESTION, since)
    return Change(connection, Kind.LOOK, StoreName.CSCART, ids, Cause.CONSOLE, observation)


def confirm(connection: str, chosen: Sequence[tuple[str, str]], observation: str) -> list[Change]:
    """The owner says that these belong together: pairs of CS-Cart's and Webasyst's ids."""
    parts = (chosen[at : at + PER_SHEET] for at in range(0, len(chosen), PER_SHEET))
    return [
        Change(connection, Kind.LOOK, StoreName.CSCART, (ADOPT, json.dumps(part)), Cause.CONSOLE, f"{observation}:{number}")
        for number, part in enumerate(parts)
    ]


class Adoption:
    """Links what the owner confirmed, as it stands now: the next pass finds nothing to do."""

    def __init__(self, world: World) -> None:
        self.world = world

    def run(self, chosen: str) -> dict[str, int]:
        counts = {"linked": 0, "refused": 0}
        for ours, theirs in json.loads(chosen):
            with patient_lease(self.world, f"order#{StoreName.CSCART}#{ours}", LEASE_SECONDS) as lease:
                work = OrderWork(self.world, lease, StoreName.CSCART, str(ours), Cause.CONSOLE)
                counts["linked" if self._link(work, str(theirs)) else "refused"] += 1
                work.tell()
        return counts

    def _link(self, work: OrderWork, theirs: str) -> bool:
        """Both are read again: what was linked meanwhile, or does not look alike any more, stays as it is, and that is told."""
        links = self.world.links
        here = work.read(StoreName.CSCART, work.origin_id) if links.order(StoreName.CSCART, work.origin_id) is None else None
        there = work.read(StoreName.WEBASYST, theirs) if links.order(StoreName.WEBASYST, theirs) is None else None
        found = evidence(trace(here), trace(there)) if here and there else ()
        if here is None or there is None or not is_worth_showing(found):
            work.entry(Action.REFUSED, StoreName.WEBASYST, "order", new=json.dumps({"order": theirs}), rule="not to be taken over any more")
            return False
        work.agreed({StoreName.CSCART: here, StoreName.WEBASYST: there})
        work.note(cscart_status=here.status, webasyst_status=there.status)
        work.save()
        links.unpark("order", StoreName.CSCART, here.id)
        told = json.dumps({"order": theirs, "evidence": ", ".join(found)})
        work.entry(Action.LINKED, StoreName.WEBASYST, "order", new=told, rule="confirmed by the owner")
        return True
