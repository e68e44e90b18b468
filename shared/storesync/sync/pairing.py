"""Whether two shops belong together: the marks on orders that were mirrored before tell from which shop they came."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from ..domain.connection import Connection
from ..domain.findings import Finding, Weight
from ..domain.model import StoreName
from .ports import World
from .selftest import NAMES

REACH = timedelta(days=30)
MOST = 20  # of the newest orders: a copy of a shop has the old ones too


def findings(world: World) -> list[Finding]:
    """Asks each shop for its newest orders, and where some carry a mark of ours, the other one for the originals. Raises StoreError."""
    found = [*_addresses(world.connection), *(one for store in StoreName for one in _orders(world, store))]
    return found or [Finding("pairing", Weight.FINE, "Nothing speaks against it that these two shops belong together.")]


def _addresses(connection: Connection) -> Iterator[Finding]:
    ours, theirs = (urlsplit(url) for url in (connection.cscart.url, connection.webasyst.url))
    if (ours.netloc, ours.path.rstrip("/")) == (theirs.netloc, theirs.path.rstrip("/")):
        yield Finding("pairing", Weight.STOPS, "Both shops have the same address: one of the two was entered twice.")


def _orders(world: World, store: StoreName) -> Iterator[Finding]:
    marks = [mark.split(":") for mark in _marks(world, store)]
    others = Counter(mark[0] for mark in marks if mark[0] != world.connection.id)
    for name in sorted(others):
        yield Finding(
            "pairing", Weight.WARNS,
            "%(count)s of the newest orders in %(shop)s were brought there by another connection, “%(name)s”: pair each shop once, else orders are mirrored twice.",
            {"shop": NAMES[store], "count": str(others[name]), "name": name},
        )  # fmt: skip
    mine = sorted({mark[2] for mark in marks if mark[0] == world.connection.id})
    missing = len(mine) - len(world.store(store.other).orders(mine)) if mine else 0
    if missing * 2 > len(mine):
        yield Finding(
            "pairing", Weight.STOPS,
            "%(missing)s of %(count)s orders that were brought to %(shop)s are not in this %(other)s shop: were they placed in another one, "
            "perhaps a test shop and a live one are mixed up?",
            {"shop": NAMES[store], "other": NAMES[store.other], "missing": str(missing), "count": str(len(mine))},
        )  # fmt: skip


def _marks(world: World, store: StoreName) -> Iterator[str]:
    """`connection:store:order`, of what came from the other shop."""
    shop = world.store(store)
    page = next(iter(shop.changed_orders(shop.now() - REACH)), None)
    newest = sorted((head.id for head in page.items if head.id.isdigit() and not head.is_parent), key=int)[-MOST:] if page else []
    for order in shop.orders(newest) if newest else ():
        if len(parts := order.marker.split(":")) == 3 and parts[1] == store.other and parts[2].isdigit():
            yield order.marker
