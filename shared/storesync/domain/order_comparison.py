"""When two orders are the same, where they differ, and what may be said of it: people and places only by the names of fields."""

import json
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from . import prints
from .links import OrderLink
from .model import StoreName
from .order_translation import cents
from .orders import Address, Order


def _address(address: Address) -> tuple[str, ...]:
    fields = (address.street, address.city, address.region, address.zip, address.country)
    return tuple(prints.text(field) for field in fields)


def _lines(order: Order) -> list[tuple[str, str, str, str]]:
    """In an order that does not depend on how a store lists lines (C35)."""
    return sorted(
        (line.sku.strip(), line.name if line.is_free_form else "", prints.number(Decimal(line.quantity)), prints.number(line.price))
        for line in order.lines
    )


def body_value(order: Order, store: StoreName) -> tuple[object, ...]:
    """All but the status. In Webasyst the buyer is a contact of many orders and no part of this one."""
    buyer = order.customer
    people = (buyer.email_key, buyer.phone, buyer.firstname, buyer.lastname) if store is StoreName.CSCART else ()
    places = (_address(order.billing_address), _address(order.shipping_address))
    money = (cents(order.shipping), cents(order.discount), cents(order.total))
    return (_lines(order), *money, prints.text(order.comment), people, places)


def body_print(order: Order, store: StoreName) -> str:
    return prints.of_value(body_value(order, store))


def _amounts(order: Order) -> dict[str, tuple[str, str]]:
    """Pieces and money per SKU: a shop may cut a line in two to spread a discount, and lines may come in any order."""
    pieces: dict[str, Decimal] = defaultdict(Decimal)
    money: dict[str, Decimal] = defaultdict(Decimal)
    for line in order.lines:
        if not line.is_free_form:
            pieces[line.variant_id] += line.quantity
            money[line.variant_id] += line.amount
    return {item: (prints.number(count), cents(money[item])) for item, count in pieces.items()}


def differences(wanted: Order, kept: Order) -> dict[str, str]:
    """Money and lines in which the kept order is off; empty when it is exact to the cent. Lines are named by their SKU."""
    found = {}
    for name, ours, theirs in (("total", wanted.total, kept.total), ("shipping", wanted.shipping, kept.shipping)):
        if cents(ours) != cents(theirs):
            found[name] = f"{cents(ours)} != {cents(theirs)}"
    lines, kept_lines = _amounts(wanted), _amounts(kept)
    skus = {line.variant_id: line.sku.strip() for line in (*wanted.lines, *kept.lines)}
    for item in sorted(lines.keys() | kept_lines.keys()):
        if lines.get(item) != kept_lines.get(item):
            found[f"line_{skus[item] or item}"] = f"{_amount(lines.get(item))} != {_amount(kept_lines.get(item))}"
    return found


def _amount(found: tuple[str, str] | None) -> str:
    return f"{found[0]} for {found[1]}" if found else "none"


def dropped(wanted: Order, kept: Order) -> tuple[str, ...]:
    """Fields that the store left empty though it was given something, by name."""
    pairs: Mapping[str, tuple[object, object]] = {
        "shipping_name": (wanted.shipping_name.strip(), kept.shipping_name.strip()),
        "payment_name": (wanted.payment_name.strip(), kept.payment_name.strip()),
        "comment": (prints.text(wanted.comment), prints.text(kept.comment)),
        "shipping_address": (wanted.shipping_address, kept.shipping_address),
        "billing_address": (wanted.billing_address, kept.billing_address),
    }
    return tuple(name for name, (ours, theirs) in pairs.items() if ours and not theirs)


def otherwise(wanted: Order, kept: Order) -> tuple[str, ...]:
    """Texts that the store kept in another form: cut, emptied, or a country that it does not know. A region may change its spelling."""
    pairs = {
        "shipping_name": (prints.text(wanted.shipping_name), prints.text(kept.shipping_name)),
        "payment_name": (prints.text(wanted.payment_name), prints.text(kept.payment_name)),
        "comment": (prints.text(wanted.comment), prints.text(kept.comment)),
        "shipping_address": (_place(wanted.shipping_address), _place(kept.shipping_address)),
        "billing_address": (_place(wanted.billing_address), _place(kept.billing_address)),
    }
    return tuple(name for name, (ours, theirs) in pairs.items() if any(ours) and ours != theirs)


def is_as_agreed(link: OrderLink, store: StoreName, order: Order) -> bool:
    """Whether neither the status nor the body has moved in `store` since both sides agreed."""
    return link.status_in(store) == order.status and link.print_in(store) == body_print(order, store)


def stands(wanted: Order, there: Order, store: StoreName) -> bool:
    """Whether all that a write of `wanted` to `store` would say is there already. In doubt it is not: a second write does no harm."""
    return not differences(wanted, there) and _own(wanted) == _own(there) and _is_said(wanted, there, store)


def _own(order: Order) -> tuple[object, ...]:
    return cents(order.discount), sorted((line.name, cents(line.amount)) for line in order.lines if line.is_free_form)


def _is_said(wanted: Order, there: Order, store: StoreName) -> bool:
    """But for what a write leaves out: empty addresses, no way to pay, and in CS-Cart the ways to ship and pay altogether."""
    texts = [(wanted.comment, there.comment)]
    if store is StoreName.WEBASYST:
        texts += [(wanted.shipping_name, there.shipping_name), (wanted.payment_name or there.payment_name, there.payment_name)]
    places = ((wanted.shipping_address, there.shipping_address), (wanted.billing_address, there.billing_address))
    same = all(prints.text(ours) == prints.text(theirs) for ours, theirs in texts)
    return same and all(_is_place(ours, theirs) for ours, theirs in places if ours)


def _is_place(ours: Address, theirs: Address) -> bool:
    """Webasyst has one field for a region, which is given its name."""
    people = [(prints.text(item.firstname), prints.text(item.lastname)) for item in (ours, theirs)]
    region = ours.region_name or ours.region
    return _place(ours) == _place(theirs) and people[0] == people[1] and region in (theirs.region_name, theirs.region)


def _place(address: Address) -> tuple[str, ...]:
    street, city, _, *rest = _address(address)
    return (street, city, *rest)


def facts(order: Order) -> dict[str, object]:
    """An order as the journal may show it: no people, no places, no words of the buyer."""
    lines = [{"sku": sku or name, "quantity": count, "price": price} for sku, name, count, price in _lines(order)]
    money = {"shipping": cents(order.shipping), "discount": cents(order.discount), "total": cents(order.total)}
    return {"lines": lines, **money, "currency": order.currency, "status": order.status}


def personal(order: Order) -> dict[str, object]:
    buyer = order.customer
    return {
        "buyer": (buyer.email_key, buyer.phone, buyer.firstname, buyer.lastname),
        "billing_address": _address(order.billing_address),
        "shipping_address": _address(order.shipping_address),
        "comment": prints.text(order.comment),
    }


def change(before: Order | None, after: Order) -> tuple[str, str]:
    """Old and new value as JSON, of the fields that changed only; of personal ones just the names."""
    new = facts(after)
    if before is None:
        return "", _json(new)
    old = facts(before)
    moved = [name for name in new if new[name] != old[name]]
    was, now = personal(before), personal(after)
    names = [name for name in now if was[name] != now[name]]
    hidden: dict[str, object] = {"changed": names} if names else {}
    return _json({name: old[name] for name in moved}), _json({**{name: new[name] for name in moved}, **hidden})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
