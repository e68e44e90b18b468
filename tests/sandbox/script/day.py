"""The scripted day: edits on both sides, drawn from a seed. Each product is edited on one side only, so that one right outcome exists."""

import random
from decimal import Decimal
from typing import Any

from .compare import values
from .shops import CsCartShop, WebasystShop

BUYER = {
    "email": "Buyer.{n}@Example.com", "firstname": "Анна", "lastname": "Смирнова {n}", "phone": "+7 900 000-00-{n:02d}",
    "b_firstname": "Анна", "b_lastname": "Смирнова", "b_address": "ул. Ленина, {n}", "b_city": "Казань", "b_state": "TA",
    "b_country": "RU", "b_zipcode": "420000", "s_firstname": "Анна", "s_lastname": "Смирнова", "s_address": "ул. Ленина, {n}",
    "s_city": "Казань", "s_state": "TA", "s_country": "RU", "s_zipcode": "420000",
}  # fmt: skip


class Day:
    def __init__(self, cscart: CsCartShop, webasyst: WebasystShop, seed: int) -> None:
        self.cscart, self.webasyst, self.seed = cscart, webasyst, seed
        self.random = random.Random(seed)

    def play(self, edits: int, orders: int) -> dict[str, int]:
        ours = [row for row in self.cscart.products() if not row.get("parent_product_id") or row["parent_product_id"] == "0"]
        codes = {str(row["product_code"]).strip() for row in ours}
        theirs = [row for row in self.webasyst.products() if {str(sku["sku"]).strip() for sku in values(row["skus"])} & codes]
        self.random.shuffle(theirs)
        taken = theirs[:edits]
        touched = {str(sku["sku"]).strip() for row in taken for sku in values(row["skus"])}
        free = [row for row in ours if str(row["product_code"]).strip() not in touched]
        self._edit_webasyst(taken)
        self._edit_cscart(self.random.sample(free, min(edits, len(free))))
        self._new_products()
        placed = self._orders(free, orders)
        return {"edited": len(taken) + min(edits, len(free)), "created": 2, "placed": placed}

    def _price(self) -> str:
        return str(Decimal(self.random.randint(100, 900_000)) / 100)

    def _edit_webasyst(self, rows: list[dict[str, Any]]) -> None:
        for number, row in enumerate(rows):
            sku = values(row["skus"])[0]
            if number % 3 == 0:
                self.webasyst.edit_sku(sku["id"], price=self._price())
            elif number % 3 == 1:
                self.webasyst.edit_sku(sku["id"], count=self.random.randint(1, 90))
            else:
                self.webasyst.edit(row["id"], summary=f"Новое описание {self.seed}-{number}", meta_title=f"Заголовок & {number}")

    def _edit_cscart(self, rows: list[dict[str, Any]]) -> None:
        for number, row in enumerate(rows):
            fields: dict[str, Any] = [
                {"price": self._price()},
                {"amount": self.random.randint(1, 90)},
                {"product": f"{row['product'][:200]} №{number}", "full_description": f"<p>Текст <b>{self.seed}</b> &amp; ещё</p>"},
            ][number % 3]
            self.cscart.edit(str(row["product_id"]), **fields)

    def _new_products(self) -> None:
        tag = f"{self.seed}-{self.random.randint(1000, 9999)}"
        category = self.cscart.first_category()
        self.cscart.add(
            product=f"Лампа {tag}", product_code=f"LAMP-{tag}", price="1290.50", amount=7, status="A", category_ids=[category], company_id=1
        )
        self.webasyst.add(f"Чайник {tag}", f"KETTLE-{tag}", "3490.90", 4, summary="Тихий чайник")

    def _orders(self, rows: list[dict[str, Any]], count: int) -> int:
        stocked = [row for row in rows if int(row["amount"]) > 5 and row["status"] == "A"]
        placed = []
        for number in range(min(count, len(stocked))):
            chosen = self.random.sample(stocked, min(len(stocked), self.random.randint(1, 3)))
            buyer = {name: value.format(n=number) for name, value in BUYER.items()}
            placed.append(
                self.cscart.place({str(row["product_id"]): self.random.randint(1, 2) for row in chosen}, buyer, f"Заказ {number}")
            )
        for order_id in placed:
            if letter := self.random.choice(["", "P", "C", "I"]):
                self.cscart.set_status(order_id, letter)
        return len(placed)

    def move_webasyst_orders(self, orders: list[dict[str, Any]], count: int) -> int:
        """Status changes made in Webasyst, on orders that stand there as new."""
        fresh = [order for order in orders if order["state_id"] == "new"]
        chosen = self.random.sample(fresh, min(count, len(fresh)))
        for order in chosen:
            self.webasyst.act(order["id"], self.random.choice(["process", "complete"]))
        return len(chosen)
