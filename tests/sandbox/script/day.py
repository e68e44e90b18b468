"""The scripted day: edits on both sides, drawn from a seed. Each product is edited on one side only, so that one right outcome exists."""

import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .compare import mark_of, values
from .shops import CsCartShop, ShopError, WebasystShop

BUYER = {
    "email": "Buyer.{n}@Example.com", "firstname": "Анна", "lastname": "Смирнова-О'Нил {n}", "phone": "+7 900 000-00-{n:02d}",
    "b_firstname": "Анна", "b_lastname": "Смирнова-О'Нил", "b_address": "ул. Ленина, {n}, корп. \"А\" & Б", "b_city": "Казань",
    "b_state": "TA", "b_country": "RU", "b_zipcode": "420000", "s_firstname": "Анна", "s_lastname": "Смирнова-О'Нил",
    "s_address": "ул. Ленина, {n}, корп. \"А\" & Б", "s_city": "Казань", "s_state": "TA", "s_country": "RU", "s_zipcode": "420000",
}  # fmt: skip
# What forms, JSON and HTML like to spoil, within what both shops can hold.
NAMES = (
    'Чайник "Ёлка" & сыновья, 100% +20°', "L'été «à la carte» №{n}; a=b&c[]=d", "50%25 + %D0%9F ★ ✂ 5 > 4", "Длинное имя " + "очень " * 38 + "{n}",
)  # fmt: skip
TEXTS = (
    "<p>Текст <b>{n}</b> &amp; ещё &quot;кавычки&quot;</p>", '<a href="/?a=1&amp;b=%20">x</a>\n<ul><li>1+1=2</li></ul>', "Просто строка #{n} ☎",
)  # fmt: skip
PRICES = ("0.01", "0.99", "19.995", "1000000.10", "7.005")


class Day:
    """`problems`: what a shop refused; the day goes on without it."""

    def __init__(self, cscart: CsCartShop, webasyst: WebasystShop, seed: int) -> None:
        self.cscart, self.webasyst, self.seed = cscart, webasyst, seed
        self.random = random.Random(seed)
        self.problems: list[str] = []
        self.done: Counter[str] = Counter()

    def play(self, edits: int, orders: int) -> dict[str, int]:
        """So many products edited on either side, two new ones, and so many orders placed in CS-Cart; how often each was done."""
        rows = list(self.cscart.products())
        held = Counter(str(row["product_code"]).strip() for row in rows)
        single = [row for row in rows if not row.get("variation_group_id") and held[str(row["product_code"]).strip()] == 1]
        codes = {str(row["product_code"]).strip() for row in rows if held[str(row["product_code"]).strip()] == 1} - {""}
        theirs = [row for row in self.webasyst.products() if _codes(row) and _codes(row) <= codes]
        self.random.shuffle(theirs)
        touched = {code for row in theirs[:edits] for code in _codes(row)}
        shared = {code for row in theirs for code in _codes(row)}
        free = [row for row in single if str(row["product_code"]).strip() in shared - touched]
        self._edit_webasyst(theirs[:edits])
        self._edit_cscart(self.random.sample(free, min(edits, len(free))))
        self._new_products()
        self._orders([row for row in rows if str(row["product_code"]).strip() in shared], orders)
        return dict(self.done)

    def evening(self, count: int) -> dict[str, int]:
        """Status changes made in Webasyst on mirrored orders that are new there, and late edits of orders in CS-Cart."""
        self.done.clear()
        fresh = [order for order in self.webasyst.orders() if mark_of(order) and order["state_id"] == "new"]
        for order in self.random.sample(fresh, min(count, len(fresh))):
            self._try("moved in webasyst", lambda order=order: self._move(str(order["id"])))
        return dict(self.done)

    def _move(self, order_id: str) -> None:
        offered = [action for action in ("process", "complete") if action in self.webasyst.actions(order_id)]
        if offered:
            self.webasyst.act(order_id, self.random.choice(offered))

    def _try(self, what: str, act: Callable[[], object]) -> None:
        try:
            act()
        except ShopError as error:
            self.problems.append(f"the script could not do this: {what}: {error}")
        else:
            self.done[what] += 1

    def _price(self) -> str:
        return self.random.choice(PRICES) if self.random.random() < 0.2 else str(Decimal(self.random.randint(100, 900_000)) / 100)

    def _cents(self) -> str:
        return str(Decimal(self._price()).quantize(Decimal("0.01")))

    def _name(self) -> str:
        return self.random.choice(NAMES).format(n=self.random.randint(10, 99))[:200].strip()

    def _text(self) -> str:
        return self.random.choice(TEXTS).format(n=self.random.randint(10, 99))

    # -- products

    def _edit_webasyst(self, rows: list[dict[str, Any]]) -> None:
        for number, row in enumerate(rows):
            sku = self.random.choice(values(row["skus"]))
            edits: list[Callable[[], object]] = [
                lambda sku=sku: self.webasyst.edit_sku(sku, price=self._price()),
                lambda sku=sku: self.webasyst.edit_sku(sku, count=self.random.randint(1, 90)),
                lambda row=row: self.webasyst.edit(row["id"], summary=self._text(), meta_title="Заголовок & «цена» 100%"),
                lambda row=row: self.webasyst.edit(row["id"], name=self._name(), description=self._text()),
            ]
            self._try("edited in webasyst", edits[number % len(edits)])

    def _edit_cscart(self, rows: list[dict[str, Any]]) -> None:
        for number, row in enumerate(rows):
            edits: list[Callable[[], dict[str, Any]]] = [
                lambda: {"price": self._cents()},
                lambda: {"amount": self.random.randint(1, 90)},
                lambda: {"product": self._name(), "full_description": self._text()},
                lambda: {"list_price": "999999.99", "page_title": "Купить +доставка & «скидка»", "short_description": self._text()},
            ]
            fields = edits[number % len(edits)]()
            self._try("edited in cscart", lambda row=row, fields=fields: self.cscart.edit(str(row["product_id"]), **fields))

    def _new_products(self) -> None:
        tag = f"{self.seed}-{self.random.randint(1000, 9999)}"
        lamp = {"product": f"Лампа {self._name()}"[:200], "product_code": f"LAMP-{tag}", "price": "1290.50", "amount": 7, "status": "A"}
        kettle = {"sku": f"KETTLE/{tag}+1", "price": "3490.90", "count": 4}
        mugs = [{"sku": f"MUG {tag} {size}", "name": size, "price": price, "count": 3} for size, price in (("S", "190.00"), ("L", "240.50"))]
        self._try(
            "created in cscart",
            lambda: self.cscart.add(**lamp, full_description=self._text(), category_ids=[self.cscart.first_category()], company_id=1),
        )
        self._try("created in webasyst", lambda: self.webasyst.add(f"Чайник {tag}", [kettle], summary=self._text()))
        self._try("created in webasyst", lambda: self.webasyst.add(f"Кружка {tag}", mugs, description=self._text()))

    # -- orders

    def _orders(self, rows: list[dict[str, Any]], count: int) -> None:
        stocked = [row for row in rows if int(row["amount"]) > 5 and row["status"] == "A"]
        for number in range(count if stocked else 0):
            chosen = self.random.sample(stocked, min(len(stocked), self.random.randint(1, 3)))
            lines = {str(row["product_id"]): self.random.randint(1, 2) for row in chosen}
            self._try("ordered in cscart", lambda lines=lines, number=number: self._order(lines, number))

    def _order(self, lines: dict[str, int], number: int) -> None:
        buyer = {name: value.format(n=number) for name, value in BUYER.items()}
        order_id = self.cscart.place(lines, buyer, f"Заказ {number}: позвонить & «не \"звонить\"» 100% +1 <3")
        if self.random.random() < 0.3:
            self._try("discounted in cscart", lambda: self.cscart.discount(order_id, f"{self.random.randint(1, 99)}.{number % 10}5"))
        if letter := self.random.choice(["", "P", "C", "I"]):
            self._try("moved in cscart", lambda: self.cscart.set_status(order_id, letter))


def _codes(product: dict[str, Any]) -> set[str]:
    return {str(sku["sku"]).strip() for sku in values(product["skus"])}
