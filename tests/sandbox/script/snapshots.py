"""A snapshot as a file: read, checked, and put into the tables of a stack as what was remembered."""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from storesync.domain.connection import Connection
from storesync.domain.links import Claim, OrderLink, Row
from storesync.domain.model import StoreName
from storesync.state.connections import decode
from storesync.state.documents import value
from storesync.state.links import Links

FORMAT = 1
OF_A_SHOP = ("info", "category", "product", "order")


class BadSnapshot(Exception):
    """What is wrong with the file, in one sentence."""


@dataclass(frozen=True)
class Loaded:
    """The documents of a file, in its order."""

    documents: tuple[Mapping[str, Any], ...]

    def of(self, kind: str, store: str = "") -> Iterator[Mapping[str, Any]]:
        yield from (one["data"] for one in self.documents if one["kind"] == kind and one.get("store", "") == store)

    def shop(self, store: StoreName) -> list[Mapping[str, Any]]:
        """What fills a sandbox."""
        return [one for one in self.documents if one.get("store") == store and one["kind"] in OF_A_SHOP]

    def info(self, store: StoreName) -> Mapping[str, Any]:
        return next(self.of("info", store))

    def connection(self, here: Connection) -> Connection:
        """What its owner had decided, between the shops of `here`."""
        kept = decode(next(self.of("connection")))
        ours = replace(kept.cscart, url=here.cscart.url, email=here.cscart.email, no_rewrite=here.cscart.no_rewrite)
        theirs = replace(kept.webasyst, url=here.webasyst.url, client_id=here.webasyst.client_id)
        periods = {
            name: getattr(here, name) for name in ("product_period", "order_period", "sweep_period", "rest_period", "log_limit", "id")
        }
        return replace(kept, cscart=ours, webasyst=theirs, allow_private_addresses=True, paused=False, **periods)

    def remember(self, links: Links) -> None:
        """Which products and orders belong together, and what both shops held when they last agreed."""
        rows = [self._row(one) for store in StoreName for one in self.of("row", store)]
        ours = [row for row in rows if row.store is StoreName.CSCART and row.counterpart]
        linked = {row.product_id for row in ours}, {row.counterpart for row in ours}
        pairs = [pair for row in ours for pair in _claims(row)]
        known = [row for row in rows if row.product_id in linked[row.store is StoreName.WEBASYST] and row.counterpart]
        links.link(pairs, known)
        links.save([row for row in rows if row not in known])
        for one in self.of("link"):
            links.save_order(replace(value(OrderLink, one, ("intended_at", "read_at"), origin=StoreName), owed={}))

    @staticmethod
    def _row(one: Mapping[str, Any]) -> Row:
        return Row(**{**one, "store": StoreName(one["store"]), "variants": {key: tuple(pair) for key, pair in one["variants"].items()}})


def _claims(row: Row) -> Iterator[tuple[Claim, Claim]]:
    for ours, (theirs, sku) in row.variants.items():
        here = Claim(StoreName.CSCART, ours, row.product_id, theirs, row.counterpart, sku)
        yield here, Claim(StoreName.WEBASYST, theirs, row.counterpart, ours, row.product_id, sku)


def read(path: Path) -> Loaded:
    """Raises BadSnapshot."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            documents = [json.loads(line) for line in lines]
        about, end = documents[0], documents[-1]
        whole = (about["data"]["format"], end["kind"], end["data"]["documents"]) == (FORMAT, "end", len(documents) - 1)
    except (OSError, EOFError, ValueError, LookupError, TypeError) as wrong:
        raise BadSnapshot(f"{path} cannot be read as a snapshot: {type(wrong).__name__}") from wrong
    if not whole:
        raise BadSnapshot(f"{path} is not whole, or was made by another version")
    return Loaded(tuple(documents))
