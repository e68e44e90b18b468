"""The scripted day: edits on both sides, drawn from a seed. Each product is edited on one side only, so that one right outcome exists."""

import random
import struct
import zlib
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .compare import VISIBLE, mark_of, markup, meta, number, title, values, webasyst_stock
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
        self.sold: list[dict[str, Any]] = []
        self.expected: dict[str, dict[str, object]] = {}

    def play(self, edits: int, orders: int) -> dict[str, int]:
        """So many products edited on either side, two new ones, and so many orders placed in CS-Cart; how often each was done.

        Drawn by SKU: what ids the sync gave its products depends on which of them it made first.
        """
        rows = sorted(self.cscart.products(), key=_code)
        held = Counter(_code(row) for row in rows)
        single = [row for row in rows if not row.get("variation_group_id") and held[_code(row)] == 1]
        codes = {_code(row) for row in rows if held[_code(row)] == 1} - {""}
        theirs = sorted(
            (row for row in self.webasyst.products() if _codes(row) and _codes(row) <= codes), key=lambda row: sorted(_codes(row))
        )
        self.random.shuffle(theirs)
        shared = {code for row in theirs for code in _codes(row)}
        spared = self._spared([row for row in rows if _code(row) in shared], orders)
        edited = [row for row in theirs if not _codes(row) & spared][:edits]
        touched = {code for row in edited for code in _codes(row)}
        free = [row for row in single if _code(row) in shared - touched - spared]
        self._edit_webasyst(edited)
        chosen = self.random.sample(free, min(edits, len(free)))
        touched |= {_code(row) for row in chosen}
        self._edit_cscart(chosen)
        self._new_products()
        self._orders([row for row in rows if _code(row) in shared - touched], orders)
        left = [sku for row in theirs for sku in values(row["skus"]) if str(sku["sku"]).strip() not in touched and _countable(sku)]
        self.sold = self.random.sample(left, min(9, len(left)))
        return dict(self.done)

    def evening(self, count: int) -> dict[str, int]:
        """Status changes made in Webasyst on mirrored orders that are new there, and late edits of orders in CS-Cart."""
        self.done.clear()
        fresh = [order for order in self.webasyst.orders() if mark_of(order) and order["state_id"] == "new"]
        for order in self.random.sample(fresh, min(count, len(fresh))):
            self._try("moved in webasyst", lambda order=order: self._move(order))
        for sku in self.sold[:count]:
            self._try("sold in webasyst", lambda sku=sku: self._sell(sku))
        return dict(self.done)

    def _sell(self, sku: dict[str, Any]) -> None:
        """A sale of Webasyst's own, which takes its goods from the stock there; both shops have to end with what it left."""
        order_id = self.webasyst.place(str(sku["id"]), 1, "Пётр О'Нил", f"sold{sku['id']}@example.com")
        if "process" in self.webasyst.actions(order_id):
            self.webasyst.act(order_id, "process")
        left = next(one for row in self.webasyst.products() for one in values(row["skus"]) if one["id"] == sku["id"])
        self.expected[str(sku["sku"]).strip()] = {"stock": webasyst_stock(left, self.webasyst.stocks())}

    def _move(self, order: dict[str, Any]) -> None:
        """CS-Cart may take or give back the goods of an order that moves, so no count is foretold for them any more."""
        offered = [action for action in ("process", "complete") if action in self.webasyst.actions(str(order["id"]))]
        if offered:
            self.webasyst.act(str(order["id"]), self.random.choice(offered))
        for item in order["items"]:
            self.expected.get(str(item["sku_code"]).strip(), {}).pop("stock", None)

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
        edits = [
            lambda _: ("sku", {"price": self._price()}),
            lambda _: ("sku", {"count": self.random.randint(1, 90)}),
            lambda _: ("product", {"summary": self._text(), "meta_title": "Заголовок & «цена» 100%"}),
            lambda _: ("product", {"name": self._name(), "description": self._text()}),
            lambda row: ("product", {"status": 0 if str(row["status"]) == "1" else 1}),
            lambda row: ("sku", {"sku": f"{str(values(row['skus'])[0]['sku']).strip()[:50]}/w"}),
            lambda row: ("image", {"images": len(values(row.get("images"))) + 1}),
        ]
        self.random.shuffle(edits)
        for at, row in enumerate(rows):
            kind, fields = edits[at % len(edits)](row)
            self._try("edited in webasyst", lambda row=row, kind=kind, fields=fields: self._edit_one(row, kind, fields))

    def _edit_one(self, row: dict[str, Any], kind: str, fields: dict[str, Any]) -> None:
        sku = values(row["skus"])[0]
        if kind == "sku":
            self.webasyst.edit_sku(sku, **fields)
        elif kind == "image":
            self.webasyst.add_image(row["id"], picture(self.random.randrange(256)))
        else:
            self.webasyst.edit(row["id"], **fields)
        self.expected[str(fields.get("sku") or sku["sku"]).strip()] = in_words_of_both(fields)

    def _edit_cscart(self, rows: list[dict[str, Any]]) -> None:
        edits: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
            lambda _: {"price": self._cents()},
            # Where nothing was counted, counting begins with it.
            lambda row: {"amount": self.random.randint(1, 90), **({"tracking": "B"} if row.get("tracking") == "D" else {})},
            lambda _: {"product": self._name(), "full_description": self._text()},
            lambda _: {"list_price": "999999.99", "page_title": "Купить +доставка & «скидка»", "short_description": self._text()},
            lambda row: {"status": "H" if row["status"] == "A" else "A"},
            lambda row: {"product_code": f"{str(row['product_code']).strip()[:50]}+c"},
        ]
        self.random.shuffle(edits)
        for at, row in enumerate(rows):
            fields = edits[at % len(edits)](row)
            self._try("edited in cscart", lambda row=row, fields=fields: self._edit_other(row, fields))

    def _edit_other(self, row: dict[str, Any], fields: dict[str, Any]) -> None:
        self.cscart.edit(str(row["product_id"]), **fields)
        self.expected[str(fields.get("product_code") or row["product_code"]).strip()] = in_words_of_both(fields)

    def _new_products(self) -> None:
        tag = f"{self.seed}-{self.random.randint(1000, 9999)}"
        lamp = {"product": f"Лампа {self._name()}"[:200], "product_code": f"LAMP-{tag}", "price": "1290.50", "amount": 7, "status": "A"}
        kettle = {"sku": f"KETTLE/{tag}+1", "price": "3490.90", "count": 4}
        mugs = [
            {"sku": f"MUG {tag} {size}", "name": size, "price": price, "count": 3} for size, price in (("S", "190.00"), ("L", "240.50"))
        ]
        self._try(
            "created in cscart",
            lambda: self.cscart.add(**lamp, full_description=self._text(), category_ids=[self.cscart.first_category()], company_id=1),
        )
        self._try("created in webasyst", lambda: self.webasyst.add(f"Чайник {tag}", [kettle], summary=self._text()))
        self._try("created in webasyst", lambda: self.webasyst.add(f"Кружка {tag}", mugs, description=self._text()))

    # -- orders

    def _spared(self, rows: list[dict[str, Any]], orders: int) -> set[str]:
        """Products that nobody edits, so that there is something to order in a small shop too."""
        stocked = [row for row in rows if _orderable(row)]
        return {_code(row) for row in self.random.sample(stocked, min(len(stocked), max(orders, 3)))}

    def _orders(self, rows: list[dict[str, Any]], count: int) -> None:
        stocked = [row for row in rows if _orderable(row)] or ([self._goods(count)] if count else [])
        for nth in range(count):
            chosen = self.random.sample(stocked, min(len(stocked), self.random.randint(1, 3)))
            lines = {str(row["product_id"]): self.random.randint(1, 2) for row in chosen}
            self._try("ordered in cscart", lambda lines=lines, nth=nth: self._order(lines, nth))

    def _goods(self, orders: int) -> dict[str, Any]:
        """Where every product is edited or sold out: one of its own, which is ordered before the other shop has it."""
        made = {
            "product": "Товар на заказ",
            "product_code": f"GOODS-{self.seed}",
            "price": "99.90",
            "amount": 2 * orders + 6,
            "status": "A",
        }
        return made | {"product_id": self.cscart.add(**made, category_ids=[self.cscart.first_category()], company_id=1)}

    def _order(self, lines: dict[str, int], nth: int) -> None:
        buyer = {name: value.format(n=nth) for name, value in BUYER.items()}
        order_id = self.cscart.place(lines, buyer, f'Заказ {nth}: позвонить & «не "звонить"» 100% +1 <3')
        if self.random.random() < 0.3:
            self._try("discounted in cscart", lambda: self.cscart.discount(order_id, f"{self.random.randint(1, 99)}.{nth % 10}5"))
        if letter := self.random.choice(["", "P", "C", "I"]):
            self._try("moved in cscart", lambda: self.cscart.set_status(order_id, letter))


def in_words_of_both(fields: dict[str, Any]) -> dict[str, object]:
    """What an edit has to look like in the comparison of both shops, in the end."""
    meaning: dict[str, tuple[str, Callable[[Any], object]]] = {
        "price": ("price", number), "list_price": ("compare_price", number), "count": ("stock", str), "amount": ("stock", str),
        "name": ("name", title), "product": ("name", title), "summary": ("summary", markup), "short_description": ("summary", markup),
        "description": ("description", markup), "full_description": ("description", markup), "meta_title": ("meta_title", meta),
        "page_title": ("meta_title", meta), "images": ("images", int),
        "status": ("visible", lambda value: VISIBLE.get(str(value), str(value))),
    }  # fmt: skip
    return {meaning[name][0]: meaning[name][1](value) for name, value in fields.items() if name in meaning}


def _countable(sku: dict[str, Any]) -> bool:
    return sku["count"] is not None and Decimal(str(sku["count"])) > 20


def picture(shade: int, side: int = 24) -> bytes:
    """A small PNG in one colour."""
    rows = b"".join(b"\0" + bytes((shade, 255 - shade, 128)) * side for _ in range(side))
    parts = ((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _orderable(row: dict[str, Any]) -> bool:
    return int(row["amount"]) > 5 and row["status"] == "A"


def _code(row: dict[str, Any]) -> str:
    return str(row["product_code"]).strip()


def _codes(product: dict[str, Any]) -> set[str]:
    return {str(sku["sku"]).strip() for sku in values(product["skus"])}
