"""Orders and contacts: Shop-Script's JSON to the domain and back, without I/O."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from decimal import Decimal

from ..domain import prints
from ..domain.orders import Address, Customer, Line, Order, OrderHead
from . import countries
from .decode import Json, mapping, moment, number, rows, text
from .discounts import laid_on
from .payloads import contacts, tags

KEPT_OFF_STOCK, RELEASED = "storesync_kept_off_stock", "storesync_released"


def flag(taken: bool) -> dict[str, str]:
    """What the shop shall believe of an order that is kept off its stock; by the second one our hand is told from the shop's own."""
    return {"reduced": "1", RELEASED: "0"} if taken else {"reduced": "0", RELEASED: "1"}


def head(row: Json, here: tzinfo) -> OrderHead:
    stamp = moment(row.get("update_datetime") or row.get("create_datetime"), here)
    return OrderHead(text(row.get("id")), text(row.get("state_id")), "", False, stamp)


def order(row: Json, here: tzinfo, marker_key: str) -> Order:
    """From `order.search` with fields=contact_full and escape=0."""
    params = tags(row.get("params"))
    contact = mapping(row.get("contact"))
    lines = tuple(line(item) for item in rows(row.get("items")))
    found = Order(
        id=text(row.get("id")),
        status=text(row.get("state_id")),
        currency=text(row.get("currency")),
        lines=lines,
        total=number(row.get("total")),
        shipping=number(row.get("shipping")),
        discount=number(row.get("discount")),
        customer=customer(contact, text(row.get("contact_id"))),
        billing_address=_address(params, "billing_address"),
        shipping_address=_address(params, "shipping_address"),
        shipping_name=params.get("shipping_name", ""),
        payment_name=params.get("payment_name", ""),
        shipping_id=params.get("shipping_id", "").partition(".")[0],
        payment_id=params.get("payment_id", ""),
        comment=text(row.get("comment")),
        marker=params.get(marker_key, ""),
        stock_taken=params.get("reduced") == "1",
        stock_suppressed=params.get(KEPT_OFF_STOCK) == "1",
        stock_released=params.get(RELEASED) == "1",
        created_at=moment(row.get("create_datetime"), here),
        updated_at=moment(row.get("update_datetime") or row.get("create_datetime"), here),
        tracking=params.get("tracking_number", ""),
    )
    return _with_tax(found, row)


def _with_tax(found: Order, row: Json) -> Order:
    """`tax` holds included tax as well: only what the identity needs on top counts as added."""
    added = number(row.get("tax")) - sum((_included_tax(item) for item in rows(row.get("items"))), Decimal(0))
    with_tax = replace(found, tax=max(added, Decimal(0)))
    return with_tax if with_tax.expected_total == found.total else found


def _included_tax(item: Json) -> Decimal:
    percent = number(item.get("tax_percent"))
    if not percent or text(item.get("tax_included")) != "1":
        return Decimal(0)
    amount = number(item.get("price")) * number(item.get("quantity"))
    return amount * percent / (100 + percent)


def line(row: Json) -> Line:
    """A service belongs to the line above it and has no counterpart elsewhere: it stands as a free-form line, with its money."""
    sku_id, quantity = text(row.get("sku_id")), number(row.get("quantity"))
    found = Line(
        id=text(row.get("id")),
        product_id=text(row.get("product_id")),
        variant_id=sku_id,
        sku=text(row.get("sku_code")),
        name=text(row.get("name")),
        price=number(row.get("price")),
        quantity=int(quantity) if quantity == int(quantity) else quantity.normalize(),
    )
    free_form = sku_id in ("", "0") or text(row.get("type")) == "service"
    return replace(found, product_id="", variant_id="", sku="") if free_form else found


def customer(row: Json, contact_id: str = "") -> Customer:
    return Customer(
        id=contact_id or text(row.get("id")),
        firstname=text(row.get("firstname")),
        lastname=text(row.get("lastname")),
        email=next(iter(contacts(row.get("email"))), ""),
        phone=next(iter(contacts(row.get("phone"))), ""),
        company=text(row.get("company")),
    )


def _address(params: Mapping[str, str], kind: str) -> Address:
    part = {name: params.get(f"{kind}.{name}", "") for name in ("street", "city", "region", "zip", "country", "firstname", "lastname")}
    country = countries.alpha2(part.pop("country"))
    return Address(country=country, **part)


def address_form(address: Address) -> dict[str, str]:
    """Empty parts too: what is left out keeps its old value."""
    fields = {
        "street": address.street,
        "city": address.city,
        "region": address.region_name or address.region,
        "zip": address.zip,
        "country": countries.alpha3(address.country) if address.country else "",
        "firstname": address.firstname,
        "lastname": address.lastname,
    }
    return {name: value[:255] for name, value in fields.items()}


def money(amount: Decimal) -> str:
    return prints.number(amount)


def item_form(item: Line, share: Decimal) -> dict[str, object]:
    """As few fields as will do: PHP takes a thousand in all (W10). The catalogue's name and code stand for a line that has a SKU."""
    fields: dict[str, object] = {"item_id": item.id} if item.id else {}
    fields |= {"product_id": item.product_id or "0", "sku_id": item.variant_id or "0", "quantity": item.quantity}
    fields |= {"price": money(item.price), "total_discount": money(share)}
    return fields if item.variant_id else fields | {"name": item.name}


def order_form(order: Order) -> dict[str, object]:
    """Shipping and discount always: left out, they are reckoned anew (W33)."""
    lines, shares = laid_on(order.lines, order.discount)
    form: dict[str, object] = {
        "items": [item_form(line, share) for line, share in zip(lines, shares, strict=True)],
        "shipping": money(order.shipping),
        "discount": money(sum(shares, Decimal(0))),
        "comment": order.comment,
    }
    if order.shipping_address:
        form["shipping_address"] = address_form(order.shipping_address)
    if order.billing_address:
        form["billing_address"] = address_form(order.billing_address)
    return form


def customer_form(found: Customer, order: Order) -> dict[str, object]:
    fields = {
        "firstname": found.firstname,
        "lastname": found.lastname,
        "email": found.email.strip(),
        "phone": found.phone,
        "company": found.company,
        "address.shipping": {name: value for name, value in address_form(order.shipping_address or order.billing_address).items() if value},
    }
    return {name: value for name, value in fields.items() if value}
