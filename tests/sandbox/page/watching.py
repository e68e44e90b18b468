"""What both shops hold right now, row against row, and what has just arrived where. Read through the shops' public APIs only."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

import requests

from tests.sandbox.script.compare import mark_of, number, values, webasyst_stock
from tests.sandbox.script.shops import CsCartShop, ShopError, WebasystShop

STORES = ("cscart", "webasyst")
FRESH_SECONDS, TRAVEL_SECONDS = 12.0, 120.0
ORDERS = 25
# What a row is compared and watched by; the other fields are ids and pictures.
WATCHED = ("name", "price", "stock", "status")


@dataclass(frozen=True)
class Goods:
    """One SKU in one shop. `stock` None: nothing is counted. `variant` is empty where the SKU is the product itself."""

    product_id: str
    sku_id: str
    name: str
    price: str
    stock: int | None
    image: str = ""
    variant: str = ""


@dataclass(frozen=True)
class Placed:
    """One order in one shop."""

    order_id: str
    number: str
    total: str
    status: str
    lines: str = ""


@dataclass
class Pair:
    """The two sides of a row; `key` is the SKU, or the order's id with its shop in front."""

    key: str
    cscart: Any = None
    webasyst: Any = None

    def side(self, store: str) -> Any:
        return getattr(self, store)

    @property
    def equal(self) -> bool:
        if not (self.cscart and self.webasyst):
            return False
        names = {one.name for one in fields(self.cscart)} & {"name", "price", "stock", "total"}
        return all(getattr(self.cscart, name) == getattr(self.webasyst, name) for name in names)


@dataclass(frozen=True)
class Arrival:
    at: datetime
    store: str
    key: str
    field: str
    old: str
    new: str
    arrived: bool


@dataclass
class View:
    """`states` and `letters`: what statuses are called. `silent`: shops that did not answer the last time."""

    goods: list[Pair] = field(default_factory=list)
    orders: list[Pair] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)


class Watch:
    """One reading serves everybody who looks at the same time; it is made again when somebody looks later than `pause` seconds."""

    def __init__(self, cscart: CsCartShop, webasyst: WebasystShop, connection: str, pause: float = 1.0) -> None:
        self.cscart, self.webasyst, self.connection, self.pause = cscart, webasyst, connection, pause
        self.arrivals: deque[Arrival] = deque(maxlen=8)
        self._fresh: dict[tuple[str, str], float] = {}
        self._changed: dict[tuple[str, str, str], tuple[float, str]] = {}
        self._view, self._read_at = View(), 0.0
        self._lock = threading.Lock()

    def view(self, *, now: bool = False) -> View:
        with self._lock:
            if now or time.monotonic() - self._read_at > self.pause:
                started = time.monotonic()
                self._read()
                self._read_at = time.monotonic()
                # Large shops are read no more often than they can bear.
                self.pause = max(self.pause, 4 * (self._read_at - started))
            return self._view

    def is_fresh(self, store: str, key: str) -> bool:
        return time.monotonic() - self._fresh.get((store, key), float("-inf")) < FRESH_SECONDS

    def _read(self) -> None:
        known, view = self._view, View(letters=self._view.letters, states=self._view.states)
        sides: dict[str, tuple[dict[str, Goods], dict[str, Placed]]] = {}
        for store, read in (("cscart", self._cscart), ("webasyst", self._webasyst)):
            try:
                sides[store] = read(view)
            except (ShopError, requests.RequestException) as problem:
                view.silent[store] = str(problem)
                sides[store] = _kept(known.goods, store), _kept(known.orders, store)
        view.goods = _paired(sides["cscart"][0], sides["webasyst"][0])
        view.orders = sorted(_paired(sides["cscart"][1], sides["webasyst"][1]), key=_newest, reverse=True)[:ORDERS]
        if self._read_at:
            self._note([*known.goods, *known.orders], [*view.goods, *view.orders], view)
        self._view = view

    def _cscart(self, view: View) -> tuple[dict[str, Goods], dict[str, Placed]]:
        if not view.letters:
            view.letters = {str(row["status"]): str(row["description"]) for row in values(self.cscart.call("GET", "statuses")["statuses"])}
        rows = list(self.cscart.products())
        parents = {str(row["product_id"]): row for row in rows}
        goods = {str(row["product_code"]).strip(): _cscart_goods(row, parents) for row in reversed(rows)}
        query = {"items_per_page": ORDERS, "sort_by": "order_id", "sort_order": "desc"}
        found = values(self.cscart.call("GET", "orders", query)["orders"])
        return goods, {f"cscart:{row['order_id']}": _cscart_order(row) for row in found}

    def _webasyst(self, view: View) -> tuple[dict[str, Goods], dict[str, Placed]]:
        if not view.states:
            given = self.webasyst.settings().get("order_states")
            view.states = {str(state): _name(found) for state, found in given.items()} if isinstance(given, dict) else {}
        goods = {str(sku["sku"]).strip(): item for product in self.webasyst.products() for sku, item in self._skus(product)}
        query = {"limit": 4 * ORDERS, "sort": "id DESC", "escape": 0}
        placed = {}
        for row in values(self.webasyst.call("GET", "shop.order.search", query)["orders"]):
            key = mark_of(row).removeprefix(f"{self.connection}:") or f"webasyst:{row['id']}"
            placed[key] = Placed(str(row["id"]), str(row.get("id_encoded") or row["id"]), number(row["total"]), str(row["state_id"]))
        return goods, placed

    def _skus(self, product: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Goods]]:
        skus, images = values(product["skus"]), values(product.get("images"))
        image = urljoin(self.webasyst.url, str(images[0].get("url_thumb") or "")) if images else ""
        for sku in skus:
            count = webasyst_stock(sku, self.webasyst.stocks())
            stock = None if count == "unlimited" else int(count)
            variant = str(sku["name"] or "") if len(skus) > 1 else ""
            name = str(product["name"]).strip()
            yield sku, Goods(str(product["id"]), str(sku["id"]), name, number(sku["price"]), stock, image, variant)

    def _note(self, before: list[Pair], after: list[Pair], view: View) -> None:
        """What differs from the last reading. A change has arrived when the other shop had the same shortly before."""
        old = {pair.key: pair for pair in before}
        for pair in after:
            for store in STORES:
                was, now = old[pair.key].side(store) if pair.key in old else None, pair.side(store)
                if now is None or was == now:
                    continue
                self._fresh[store, pair.key] = time.monotonic()
                for name in WATCHED if was else ("new",):
                    left, right = getattr(was, name, None), getattr(now, name, None)
                    if left != right or name == "new":
                        self._arrive(store, pair, name, _called(view, left), _called(view, right))

    def _arrive(self, store: str, pair: Pair, name: str, old: str, new: str) -> None:
        moment = time.monotonic()
        since, value = self._changed.get((_other(store), pair.key, name), (float("-inf"), ""))
        # Statuses have other names there.
        arrived = moment - since < TRAVEL_SECONDS and (name == "status" or value == new)
        arrived = arrived or (name == "new" and pair.side(_other(store)) is not None)
        self._changed[store, pair.key, name] = moment, new
        self.arrivals.appendleft(Arrival(datetime.now().astimezone(), store, pair.key, name, old, new, arrived))


def _other(store: str) -> str:
    return STORES[store == STORES[0]]


def _called(view: View, value: object) -> str:
    return "∞" if value is None else view.letters.get(str(value)) or view.states.get(str(value)) or str(value)


def _name(state: object) -> str:
    return str(state.get("name") or state) if isinstance(state, dict) else str(state)


def _cscart_goods(row: dict[str, Any], parents: dict[str, dict[str, Any]]) -> Goods:
    parent = parents.get(str(row.get("parent_product_id") or "0"), row)
    pair = parent.get("main_pair")
    image = str(((pair.get("detailed") or pair.get("icon") or {}) if isinstance(pair, dict) else {}).get("image_path") or "")
    stock = None if row.get("tracking") == "D" else int(Decimal(str(row["amount"])))
    product_id = str(row["product_id"])
    variant = str(row.get("variation_name") or "") if row.get("variation_group_id") else ""
    price = number(row.get("base_price") or row["price"])
    return Goods(str(parent["product_id"]), product_id, str(parent["product"]).strip(), price, stock, image, variant)


def _cscart_order(row: dict[str, Any]) -> Placed:
    buyer = f"{row.get('firstname') or ''} {row.get('lastname') or ''}".strip()
    return Placed(str(row["order_id"]), f"#{row['order_id']}", number(row["total"]), str(row["status"]), buyer)


def _kept(pairs: list[Pair], store: str) -> dict[str, Any]:
    return {pair.key: pair.side(store) for pair in pairs if pair.side(store)}


def _paired(ours: dict[str, Any], theirs: dict[str, Any]) -> list[Pair]:
    return [Pair(key, ours.get(key), theirs.get(key)) for key in dict.fromkeys([*ours, *theirs])]


def _newest(pair: Pair) -> int:
    """In the order of CS-Cart, among which Webasyst's own come by their own ids."""
    return int((pair.cscart or pair.webasyst).order_id)
