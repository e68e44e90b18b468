"""Orders and people: CS-Cart's JSON to the domain and back, without I/O."""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from ..domain.orders import Address, Customer, Line, Order, OrderHead
from .decode import Json, mapping, moment, number, rows, text
from .payloads import plain

CENT = Decimal("0.01")
_MARK = re.compile(r"\[sync ([^\]\s]+)\]")
_HIDDEN = ("N",)


def head(row: Json) -> OrderHead:
    parent = text(row.get("is_parent_order")) == "Y"
    return OrderHead(text(row.get("order_id")), text(row.get("status")), text(row.get("company_id")), parent, moment(row.get("updated_at")))


def order(row: Json, currency: str) -> Order:
    """Amounts are in the primary currency, which the order does not name (C36). Lines by item id, as their order is not stable (C35)."""
    notes = text(row.get("notes"))
    shipping = rows(row.get("shipping"))
    ways = {text(item.get("shipping_id")) for item in shipping} - {"", "0"}
    return Order(
        id=text(row.get("order_id")),
        status=text(row.get("status")),
        currency=currency,
        lines=tuple(
            sorted((line(key, item) for key, item in mapping(row.get("products")).items() if isinstance(item, Mapping)), key=lambda i: i.id)
        ),
        total=money(row.get("total")),
        shipping=money(row.get("shipping_cost")),
        discount=money(row.get("subtotal_discount")),
        surcharge=money(row.get("payment_surcharge")),
        tax=added_tax(row),
        customer=customer(row),
        billing_address=address(row, "b_"),
        shipping_address=address(row, "s_"),
        shipping_name=", ".join(text(item.get("shipping")) for item in shipping if text(item.get("shipping"))),
        payment_name=text(mapping(row.get("payment_method")).get("payment")),
        shipping_id=ways.pop() if len(ways) == 1 else "",
        payment_id=text(row.get("payment_id")).removeprefix("0"),
        comment=_MARK.sub("", notes).strip(),
        company_id=text(row.get("company_id")),
        marker=marker(row),
        is_parent=text(row.get("is_parent_order")) == "Y",
        incomplete=text(row.get("status")) in _HIDDEN,
        created_at=moment(row.get("timestamp")),
        updated_at=moment(row.get("updated_at") or row.get("timestamp")),
    )


def marker(row: Json) -> str:
    """The last one: ours is put behind the comment, in which a buyer may write what he likes."""
    found = [match[1] for match in _MARK.finditer(text(row.get("notes")))]
    return found[-1] if found else ""


def parent_of(row: Json) -> str:
    """The order that this one was split from, or nothing (3.3)."""
    found = text(row.get("parent_order_id"))
    return "" if found == "0" else found


def money(value: object) -> Decimal:
    return number(value).quantize(CENT, ROUND_HALF_UP)


def added_tax(row: Json) -> Decimal:
    """Only what is not included in the prices. Without a list of taxes, the sum that the shop calculated (3.2)."""
    listed = rows(row.get("taxes"))
    if not listed:
        return money(row.get("tax_subtotal"))
    return sum((money(tax.get("tax_subtotal")) for tax in listed if text(tax.get("price_includes_tax")) != "Y"), Decimal(0))


def line(key: str, row: Json) -> Line:
    product_id = text(row.get("product_id"))
    return Line(
        id=text(row.get("item_id")) or key,
        product_id=product_id,
        variant_id=product_id,
        sku=text(row.get("product_code")).strip(),
        name=_line_name(row),
        price=money(row.get("price")),
        quantity=int(number(row.get("amount"))),
    )


def _line_name(row: Json) -> str:
    """With the options that the buyer chose: they have no SKU of their own (2.8)."""
    name = text(row.get("product"))
    chosen = rows(mapping(row.get("extra")).get("product_options_value")) or rows(row.get("product_options"))
    options = [f"{text(item.get('option_name'))}: {text(item.get('variant_name'))}" for item in chosen if text(item.get("variant_name"))]
    return f"{name} ({', '.join(options)})" if options else name


def _first(row: Json, name: str) -> str:
    """Main, shipping, billing: the first that is filled (C43)."""
    return next((found for prefix in ("", "s_", "b_") if (found := text(row.get(prefix + name)))), "")


def customer(row: Json) -> Customer:
    user_id = text(row.get("user_id"))
    return Customer(
        id="" if user_id == "0" else user_id,
        firstname=_first(row, "firstname"),
        lastname=_first(row, "lastname"),
        email=text(row.get("email")),
        phone=_first(row, "phone"),
        company=text(row.get("company")) if not text(row.get("company")).isdigit() else "",
    )


def address(row: Json, prefix: str) -> Address:
    street = ", ".join(filter(None, (text(row.get(f"{prefix}address")), text(row.get(f"{prefix}address_2")))))
    return Address(
        firstname=text(row.get(f"{prefix}firstname")),
        lastname=text(row.get(f"{prefix}lastname")),
        street=street,
        city=text(row.get(f"{prefix}city")),
        region=text(row.get(f"{prefix}state")),
        region_name=text(row.get(f"{prefix}state_descr")),
        zip=text(row.get(f"{prefix}zipcode")),
        country=text(row.get(f"{prefix}country")).upper(),
        phone=text(row.get(f"{prefix}phone")),
    )


def notes(comment: str, marker: str) -> str:
    return f"{plain(comment)} [sync {marker}]".strip() if marker else plain(comment)


def user_data(found: Order) -> dict[str, object]:
    people: dict[str, object] = {
        "email": found.customer.email,
        "firstname": found.customer.firstname[:32],
        "lastname": found.customer.lastname[:32],
        "phone": found.customer.phone,
    }
    for prefix, place in (("b_", found.billing_address or found.shipping_address), ("s_", found.shipping_address or found.billing_address)):
        people |= _place(prefix, place, found.customer)
    return {name: plain(str(value)) for name, value in people.items()}


def changed_data(found: Order, before: Order) -> dict[str, object]:
    """What the buyer's data gained. Nothing is emptied: the other shop may simply not have a place for it."""
    old = user_data(before)
    return {name: value for name, value in user_data(found).items() if value and value != old.get(name)}


def _place(prefix: str, place: Address, buyer: Customer) -> dict[str, object]:
    fields = {
        "firstname": place.firstname or buyer.firstname,
        "lastname": place.lastname or buyer.lastname,
        "address": place.street[:255],
        "city": place.city[:64],
        "state": place.region[:32],
        "country": place.country[:2],
        "zipcode": place.zip[:32],
        "phone": place.phone or buyer.phone,
    }
    return {prefix + name: value for name, value in fields.items()}


def sums(found: Order) -> dict[str, object]:
    return {
        "subtotal_discount": str(found.discount),
        "shipping_cost": str(found.shipping),
        "payment_surcharge": str(found.surcharge),
        "total": str(found.total),
    }


def own_shipping(row: Json) -> Decimal:
    """What the shop itself reckons for the order's shippings, whatever the order says that they cost."""
    return sum((money(one.get("rate")) for one in rows(row.get("shipping"))), Decimal(0))


def item(line_: Line) -> dict[str, object]:
    """With `product_id` and `price` and the price marked as kept, a rebuilt order takes the line as it is (3.5)."""
    return {"product_id": line_.variant_id, "amount": int(line_.quantity), "price": str(line_.price), "stored_price": "Y"}
