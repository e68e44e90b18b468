"""How many orders one pull may queue within its budget of damage; the others are kept by id until the owner lets them go on."""

import json
from collections.abc import Sequence

from ..domain.changes import ORDERS
from ..domain.connection import Damage
from ..domain.model import StoreName
from . import halts
from .ports import Lease, World

# Webasyst tells the buyer of a new order and of its next status; what the API does in CS-Cart stays silent.
MAILS = {StoreName.CSCART: 2, StoreName.WEBASYST: 0}
PER_SHEET = 20_000


class OrderRoom:
    """Hints of orders are not counted: each is of one order that a person has just placed or moved, it zeroes and reprices nothing, and what
    an import brings in without a person comes by the pull, as old orders are left where they are.

    Nothing is read before there is something to queue. `asked`: the owner lets a stopped pull go on."""

    def __init__(self, world: World, store: StoreName, *, asked: bool = False) -> None:
        self.world, self.store, self.asked = world, store, asked
        self.what = f"{ORDERS}:{store}"
        self.room = _most(world.connection.damage, store)
        self.left: dict[str, None] = {}
        self.queued = 0
        self._loaded = False

    def take(self, ids: Sequence[str]) -> list[str]:
        """Those that may be queued now, in order."""
        if not ids:
            return []
        self._load()
        fitting = list(ids) if self.room is None else list(ids[: self.room])
        self.queued += len(fitting)
        self.room = None if self.room is None else self.room - len(fitting)
        self.left |= dict.fromkeys(ids[len(fitting) :])
        return fitting

    def earlier(self) -> list[str]:
        """What was left by the pull that stopped, as far as it fits."""
        if not self.asked:
            return []
        ids, self.left = list(_kept(self.world, self.what)), {}
        return self.take(ids)

    def close(self, lease: Lease) -> bool:
        """Whether something is left, which is written down."""
        if not self._loaded or not (self.left or self.asked):
            return False
        ids = list(self.left)
        sheets = [ids[at : at + PER_SHEET] for at in range(0, len(ids), PER_SHEET)]
        for number, sheet in enumerate([*sheets, []]):
            self.world.streams.save_cursor(_name(self.what, number), json.dumps(sheet) if sheet else "", lease)
        if not ids:
            halts.lift(self.world, self.what)
        return bool(ids)

    def _load(self) -> None:
        """While it is halted there is no room, and what comes is added to what waits."""
        if self._loaded:
            return
        self._loaded = True
        if not self.asked and halts.is_halted(self.world, self.what):
            self.room = 0
            self.left = dict.fromkeys(_kept(self.world, self.what))


def _most(limit: Damage, store: StoreName) -> int | None:
    """The worst case counts: each of them makes a write and all its mails."""
    rooms = [limit.writes] if limit.writes else []
    rooms += [limit.mails // MAILS[store]] if limit.mails and MAILS[store] else []
    return max(min(rooms), 1) if rooms else None


def _kept(world: World, what: str) -> list[str]:
    found: list[str] = []
    while sheet := world.streams.cursor(_name(what, len(found) // PER_SHEET)):
        found += json.loads(sheet)
        if len(found) % PER_SHEET:
            break
    return found


def _name(what: str, number: int) -> str:
    return f"left:{what}:{number}"
