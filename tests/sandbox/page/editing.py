"""What a person does on the page, done in the shop of their choice through its public API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from tests.sandbox.script.shops import CsCartShop, ShopError, WebasystShop, values

Form = Mapping[str, str]
LINES = 3


class Mistyped(Exception):
    """The name of the field that cannot be meant."""


class Edits:
    def __init__(self, cscart: CsCartShop, webasyst: WebasystShop) -> None:
        self.cscart, self.webasyst = cscart, webasyst

    def product(self, form: Form) -> str:
        """Writes only what differs from what was shown. Raises Mistyped, ShopError."""
        changed = {name for name in ("name", "price", "stock") if form.get(name, "").strip() != form.get(f"was_{name}", "")}
        name, price, stock = _name(form), _price(form), _stock(form)
        if form.get("store") == "cscart":
            rows: dict[str, dict[str, object]] = {form["sku_id"]: {}, form["product_id"]: {}}
            rows[form["sku_id"]] |= {"price": price} if "price" in changed else {}
            rows[form["sku_id"]] |= {"amount": stock} if "stock" in changed else {}
            rows[form["product_id"]] |= {"product": name} if "name" in changed else {}
            for product_id, fields in rows.items():
                if fields:
                    self.cscart.edit(product_id, **fields)
        else:
            if changed & {"price", "stock"}:
                fields = ({"price": price} if "price" in changed else {}) | ({"count": stock} if "stock" in changed else {})
                self.webasyst.edit_sku(self._sku(form["product_id"], form["sku_id"]), **fields)
            if "name" in changed:
                self.webasyst.edit(form["product_id"], name=name)
        return "saved" if changed else "same"

    def _sku(self, product_id: str, sku_id: str) -> dict[str, object]:
        """As it is now: its other stocks have to be sent along."""
        for product in self.webasyst.products():
            if str(product["id"]) == product_id:
                return next(sku for sku in values(product["skus"]) if str(sku["id"]) == sku_id)
        raise ShopError(f"Webasyst: product {product_id} is not there any more")

    def add(self, form: Form) -> str:
        name, price, stock = _name(form), _price(form), _stock(form)
        sku = form.get("sku", "").strip()
        if not sku or len(sku) > 64:
            raise Mistyped("sku")
        if form.get("store") == "cscart":
            given = {"product": name, "product_code": sku, "price": price, "amount": stock, "status": "A", "company_id": 1}
            self.cscart.add(**given, category_ids=[self.cscart.first_category()])
        else:
            self.webasyst.add(name, [{"sku": sku, "price": price, "count": stock}])
        return "added"

    def order(self, form: Form) -> str:
        lines: dict[str, int] = {}
        for number in range(LINES):
            if chosen := form.get(f"product{number}", ""):
                amount = form.get(f"amount{number}", "")
                if not re.fullmatch(r"[1-9][0-9]{0,3}", amount):
                    raise Mistyped("amount")
                lines[chosen] = lines.get(chosen, 0) + int(amount)
        if not lines:
            raise Mistyped("products")
        buyer = form.get("buyer", "").strip() or "Анна Смирнова"
        first, _, last = buyer.partition(" ")
        email = form.get("email", "").strip()
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
            raise Mistyped("email")
        place = {"address": "ул. Ленина, 1", "city": "Казань", "state": "TA", "country": "RU", "zipcode": "420000"}
        address = {"firstname": first, "lastname": last or first, **place}
        user = {"email": email, "firstname": first, "lastname": last or first, "phone": "+7 900 000-00-00"}
        user |= {f"{kind}_{name}": value for kind in "bs" for name, value in address.items()}
        self.cscart.place(lines, user, form.get("comment", "").strip())
        return "placed"

    def status(self, form: Form) -> str:
        if not (wanted := form.get("status", "")):
            raise Mistyped("status")
        if form.get("store") == "cscart":
            self.cscart.set_status(form["order_id"], wanted)
        elif wanted in self.webasyst.actions(form["order_id"]):
            self.webasyst.act(form["order_id"], wanted)
        else:
            return "not_offered"
        return "moved"


def _name(form: Form) -> str:
    name = form.get("name", "").strip()
    if not name or len(name) > 255:
        raise Mistyped("name")
    return name


def _price(form: Form) -> str:
    try:
        price = Decimal(form.get("price", "").replace(",", ".").replace(" ", ""))
    except InvalidOperation as error:
        raise Mistyped("price") from error
    if not price.is_finite() or price < 0 or price > 10**9:
        raise Mistyped("price")
    return str(price)


def _stock(form: Form) -> int | None:
    """Empty where nothing is counted, and only there."""
    given = form.get("stock", "").strip()
    if not given and not form.get("was_stock", "0"):
        return None
    if not re.fullmatch(r"-?[0-9]{1,7}", given):
        raise Mistyped("stock")
    return int(given)
