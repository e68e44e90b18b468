"""A side of an order is chosen by the owner: what differs counts as moved there, and the engine carries it over by its rules."""

from dataclasses import replace

from ..domain import comparison
from ..domain.changes import Cause, Change, Kind
from ..domain.links import OrderLink
from ..domain.model import StoreName
from ..domain.order_comparison import body_print
from .leases import LEASE_SECONDS, patient_lease
from .order_work import Both
from .ports import World

QUESTION = "choose_order"
MOVED = "-"  # no print and no status is like it


class OrderChoice:
    """A status still does not go back where the table does not say so, and CS-Cart's orders are only rewritten if the owner lets edits flow."""

    def __init__(self, world: World) -> None:
        self.world = world

    def run(self, winner: StoreName, store: StoreName, order_id: str) -> dict[str, int]:
        """Writes nothing to a shop: what is remembered is changed, then the order is looked at like any other."""
        known = self.world.links.order(store, order_id)
        if known is None or not known.is_linked:
            return {"unlinked": 1}
        with patient_lease(self.world, f"order#{known.origin}#{known.id_in(known.origin)}", LEASE_SECONDS):
            link = self.world.links.order(known.origin, known.id_in(known.origin)) or known
            both = {name: found for name in StoreName for found in self.world.store(name).orders([link.id_in(name)])}
            if len(both) < len(StoreName):
                return {"gone": 1}
            differing = {one.field for one in comparison.orders(self.world.connection, both[StoreName.CSCART], both[StoreName.WEBASYST])}
            if chosen := _chosen(link, winner, both, differing):
                self.world.links.save_order(chosen)
        stamp = self.world.clock.now().isoformat()
        self.world.queue.send(
            [Change(self.world.connection.id, Kind.ORDER, winner, (link.id_in(winner),), Cause.CONSOLE, stamp, sent=stamp)]
        )
        return {"differing": len(differing)}


def _chosen(link: OrderLink, winner: StoreName, both: Both, differing: set[str]) -> OrderLink | None:
    """The winner's side is remembered as something else than it is, the other one's as it is."""
    fresh: dict[str, str] = {}
    loser = winner.other
    if "status" in differing:
        fresh |= {f"{winner}_status": MOVED, f"{loser}_status": both[loser].status}
    if differing - {"status"}:
        fresh |= {f"{winner}_print": MOVED, f"{loser}_print": body_print(both[loser], loser)}
    return replace(link, refused="", **fresh) if fresh else None  # type: ignore[arg-type]
