"""What a plan does to the shops, in numbers, and how much of it one run may do: shown before the start, and a limit while it goes on."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from ..domain import fields
from ..domain.connection import Damage, Guard
from ..domain.journal import Action, Entry
from ..domain.model import Group, StoreName, Visibility

WRITES, MAILS, MONEY = "writes", "mails", "money"
MEASURES = (WRITES, MAILS, MONEY)
RISKS = ("zeroed", "repriced", "hidden")  # named as the mass-change guard counts them


def of_entries(entries: Iterable[Entry]) -> Counter[str]:
    """Of planned lines. A record that is written in several fields is one write."""
    found: Counter[str] = Counter()
    records: set[tuple[str, str]] = set()
    money = Decimal(0)
    for entry in entries:
        if entry.action is not Action.PLANNED:
            continue
        one = f"{entry.data['pair']} {entry.data.get('key', '')}" if entry.group == "status" else entry.data["pair"]
        records.add((entry.store, one))
        found[MAILS] += _mails(entry)
        money += _money(entry)
    found[WRITES] = len(records)
    found[MONEY] = int(money.to_integral_value(ROUND_CEILING))
    return found


def _mails(entry: Entry) -> int:
    """Webasyst's notifications go out for each new order and each action on one; CS-Cart tells those who wait for a product that it is back."""
    if entry.group in ("order", "status"):
        return int(entry.store == StoreName.WEBASYST and (entry.group == "status" or not entry.old))
    if entry.group != Group.STOCK or entry.store != StoreName.CSCART:
        return 0
    old, new = fields.read(entry.old)["stock"], fields.read(entry.new)["stock"]
    return int(old is not None and old <= 0 and (new is None or new > 0))


def _money(entry: Entry) -> Decimal:
    if entry.group == "order":
        old, new = (fields.read(text) if text else {} for text in (entry.old, entry.new))
        return abs(_number(new, "total") - _number(old, "total")) if "total" in new else Decimal(0)
    if entry.group != Group.PRICE or not entry.old:
        return Decimal(0)
    old, new = fields.read(entry.old), fields.read(entry.new)
    return abs(_number(new, "price") - _number(old, "price")) * max(int(entry.data.get("pieces") or 1), 1)


def risks(entries: Iterable[Entry], jump: Decimal) -> Counter[str]:
    """What the mass-change guard asks about first, of planned lines that belong to one product."""
    planned = [entry for entry in entries if entry.action is Action.PLANNED and entry.old]
    found = {kind for entry in planned if (kind := _risk(entry, fields.read(entry.old), fields.read(entry.new), jump))}
    return Counter(found)


def _risk(entry: Entry, old: Mapping[str, Any], new: Mapping[str, Any], jump: Decimal) -> str:
    if entry.group == Group.STOCK:
        fell = new["stock"] == 0 and old["stock"] is not None and old["stock"] > 0
        return "zeroed" if fell else ""
    if entry.group == Group.PRICE:
        before = _number(old, "price")
        return "repriced" if before > 0 and abs(_number(new, "price") - before) / before > jump else ""
    if entry.group == Group.LISTING:
        return "hidden" if old.get("visibility") == Visibility.VISIBLE != new.get("visibility", Visibility.VISIBLE) else ""
    return ""


def _number(values: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(str(values.get(name, 0)))


@dataclass(frozen=True, slots=True)
class Risk:
    """How many products may be zeroed, how many hidden and how many repriced by more than `jump`."""

    most: int
    jump: Decimal

    @classmethod
    def of(cls, guard: Guard, size: int) -> "Risk":
        """`size`: how many records the shop has."""
        return cls(max(guard.at_least, int(guard.share * size), 1), guard.price_jump)


class Allowance:
    """How much a run may still do. What does not fit ends it: nothing after that is let through, so that it stops in its place.

    `asked`: the owner has seen where the run before stopped and wants more, so the first record goes through whatever it costs.
    `risk`: where no guard has looked at all that is coming.
    """

    def __init__(self, limit: Damage, before: Mapping[str, int] | None = None, *, asked: bool = False, risk: Risk | None = None) -> None:
        self.limits = {WRITES: limit.writes, MAILS: limit.mails, MONEY: limit.money} | (dict.fromkeys(RISKS, risk.most) if risk else {})
        self.risk = risk
        self.spent = Counter({name: (before or {}).get(name, 0) for name in self.limits})
        self.asked = asked and not any(self.spent.values())
        self.reached = ""

    def takes(self, entries: Iterable[Entry]) -> bool:
        """Whether these lines, which belong together, still fit; then they are counted."""
        if self.reached:
            return False
        wanted = self._wanted(list(entries))
        over = [name for name in self.limits if self.limits[name] and wanted[name] and self.spent[name] + wanted[name] > self.limits[name]]
        if over and not self.asked:
            self.reached = over[0]
            return False
        self.spent += wanted
        self.asked = False
        return True

    def _wanted(self, entries: Sequence[Entry]) -> Counter[str]:
        return of_entries(entries) + (risks(entries, self.risk.jump) if self.risk else Counter())

    @property
    def sentence(self) -> str:
        """Where the run stopped, as its document keeps it."""
        return f"{self.reached} {self.spent[self.reached]} of {self.limits[self.reached]}" if self.reached else ""
