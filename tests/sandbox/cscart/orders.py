"""Reading orders: lists that tell little, and the full object."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.cscart import php, products
from tests.sandbox.cscart.shop import ApiError, Call, Page, Row, Shop

PROFILE_FIELDS = ["firstname", "lastname", "address", "address_2", "city", "county", "state", "country", "zipcode", "phone"]
_ROW = [
    "order_id",
    "issuer_id",
    "user_id",
    "is_parent_order",
    "parent_order_id",
    "company_id",
    "timestamp",
    "firstname",
    "lastname",
    "email",
    "phone",
    "status",
    "storefront_id",
]
_PLAIN = [
    "order_id",
    "is_parent_order",
    "parent_order_id",
    "company_id",
    "storefront_id",
    "issuer_id",
    "user_id",
    "profile_id",
    "shipping_ids",
    "timestamp",
    "updated_at",
    "status",
    "notes",
    "details",
    "promotion_ids",
    "payment_id",
    "tax_exempt",
    "lang_code",
    "ip_address",
    "repaid",
    "validation_code",
    "localization_id",
    "email",
    "firstname",
    "lastname",
    "phone",
    "company",
    "url",
    "fax",
    "secondary_currency",
]
_SORTS = {
    "order_id": "order_id",
    "status": "status",
    "customer": "lastname {0}, firstname",
    "email": "email",
    "date": "timestamp",
    "total": "total",
}
_EQUAL = ("company_id", "user_id", "storefront_id", "parent_order_id")
_LIKE = ("email", "phone")
_COUNTRIES = {"RU": "Россия", "BY": "Беларусь", "KZ": "Казахстан", "DE": "Germany", "US": "United States"}
_STATES = {"MOS": "Московская область", "SPE": "Санкт-Петербург", "TA": "Татарстан", "CA": "California"}


def index(shop: Shop, call: Call) -> Any:
    where, args = _filters(shop, call)
    page = Page.of(call, shop.count(f"SELECT count(*) FROM orders WHERE {where}", tuple(args)), clamped=False)
    limit = "" if call.version == "1.0" else page.limit
    found = shop.rows(f"SELECT * FROM orders WHERE {where}{_order(call)}{limit}", args)
    full = php.truthy(call.params.get("get_orders_data"))
    rows = [whole(shop, row) if full else _row(shop, row) for row in found]
    return rows if call.version == "1.0" else {"orders": rows, "params": page.params(call)}


def get(shop: Shop, call: Call) -> Row:
    return whole(shop, found(shop, call))


def found(shop: Shop, call: Call) -> Row:
    row = shop.row("SELECT * FROM orders WHERE order_id=?", call.number)
    if row is None or (call.company_id and row["company_id"] != call.company_id):
        raise ApiError(404)
    return row


def _filters(shop: Shop, call: Call) -> tuple[str, list[Any]]:
    """Parents never show; unfinished orders only when asked for (trap 16)."""
    params = call.params
    where, args = ["is_parent_order='N'"], list[Any]()
    wanted = php.values(params.get("status"))
    if wanted:
        where.append(f"status IN ({php.marks(wanted)})")
        args += wanted
    elif not php.truthy(params.get("include_incompleted")):
        where.append("status<>'N'")
    bounds = [("updated_at", sign, params.get(f"updated_at_{end}")) for end, sign in (("from", ">="), ("to", "<="))]
    bounds += [("total", sign, _cents(params.get(f"total_{end}"))) for end, sign in (("from", ">="), ("to", "<="))]
    bounds += [("timestamp", sign, bound) for sign, bound in products.period(shop, params)]
    bounds += [(name, "=", params.get(name)) for name in _EQUAL]
    bounds += [(name, "LIKE", f"%{params[name]}%") for name in _LIKE if params.get(name)]
    if call.company_id:
        bounds.append(("company_id", "=", call.company_id))
    for column, sign, bound in bounds:
        if bound not in (None, ""):
            where.append(f"{column} {sign} ?")
            args.append(bound if sign == "LIKE" else php.to_int(bound))
    for sql, items in _sets(params):
        where.append(sql)
        args += items
    return " AND ".join(where), args


def _cents(value: Any) -> Any:
    return php.to_cents(value) if value not in (None, "") else None


def _sets(params: Any) -> list[tuple[str, list[Any]]]:
    sets: list[tuple[str, list[Any]]] = []
    for name, column in (("order_id", "order_id"), ("payments", "payment_id"), ("shippings", "shipping_ids")):
        if params.get(name):
            items = php.ints(params[name])
            sets.append((f"{column} IN ({php.marks(items)})", items))
    if params.get("p_ids"):
        items = php.ints(params["p_ids"])
        inner = f"SELECT order_id FROM order_details WHERE product_id IN ({php.marks(items)})"
        sets.append((f"order_id IN ({inner})", items))
    if params.get("cname"):
        sets.append(("(firstname || ' ' || lastname) LIKE ?", [f"%{params['cname']}%"]))
    return sets


def _order(call: Call) -> str:
    column = _SORTS.get(str(call.params.get("sort_by")), "timestamp")
    way = "ASC" if str(call.params.get("sort_order", "desc")).lower() == "asc" else "DESC"
    return f" ORDER BY {column.format(way)} {way}, order_id {way}"


def _row(shop: Shop, row: Row) -> Row:
    company = shop.value("SELECT company FROM companies WHERE company_id=?", row["company_id"])
    issuer = shop.row("SELECT firstname, lastname, email FROM users WHERE user_id=?", row["issuer_id"]) or {}
    shown: Row = php.columns({name: row[name] for name in _ROW})
    return shown | {
        "total": php.money(row["total"]),
        "company": company or "",
        "issuer_name": f"{issuer.get('firstname', '')} {issuer.get('lastname', '')}".strip() or None,
        "issuer_email": issuer.get("email"),
        "invoice_id": None,
        "credit_memo_id": None,
    }


def whole(shop: Shop, row: Row) -> Row:
    """The object of `GET orders/ID`: strings for columns, numbers for what PHP adds up."""
    lines = shop.rows("SELECT * FROM order_details WHERE order_id=? ORDER BY item_id", (row["order_id"],))
    order: Row = php.columns({name: row[name] for name in _PLAIN})
    order |= _money(row, lines) | _contact(row) | _payment(shop, row) | _delivery(shop, row)
    taxes = json.loads(row["taxes"])
    order["taxes"] = {key: _tax(tax) for key, tax in taxes.items()}
    order["tax_subtotal"] = php.number(_added(taxes))
    order["coupons"], order["promotions"] = json.loads(row["coupons"]), json.loads(row["promotions"])
    order["products"] = _products(shop, lines)
    order["product_groups"] = _groups(row, order["products"])
    order["doc_ids"] = {}
    order["fields"] = {}
    order["points_info"] = {}
    return order


def _added(taxes: Row) -> int:
    return sum(tax["cents"] for tax in taxes.values() if tax["price_includes_tax"] == "N")


def _tax(tax: Row) -> Row:
    shown = {name: value for name, value in tax.items() if name != "cents"}
    return shown | {"tax_subtotal": php.number(tax["cents"])}


def _money(row: Row, lines: list[Row]) -> Row:
    discount = sum((line["base_price"] - line["price"]) * line["amount"] for line in lines)
    return {
        "total": php.money(row["total"]),
        "shipping_cost": php.money(row["shipping_cost"]),
        "display_shipping_cost": php.number(row["shipping_cost"]),
        "subtotal": php.number(row["subtotal"]),
        "display_subtotal": php.number(row["subtotal"]),
        "discount": php.number(discount),
        "subtotal_discount": php.number(row["subtotal_discount"]),
        "payment_surcharge": php.number(row["payment_surcharge"]),
    }


def _contact(row: Row) -> Row:
    """Three sets of names and phones, of which some are empty (trap 43)."""
    profile = json.loads(row["profile"])
    shown: Row = {}
    for prefix in ("b_", "s_"):
        shown |= {prefix + name: profile.get(prefix + name, "") for name in PROFILE_FIELDS}
        shown[f"{prefix}country_descr"] = _COUNTRIES.get(shown[f"{prefix}country"], "")
        shown[f"{prefix}state_descr"] = _STATES.get(shown[f"{prefix}state"], "")
    return shown | {"s_address_type": ""}


def _payment(shop: Shop, row: Row) -> Row:
    found = shop.row("SELECT * FROM payments WHERE payment_id=?", row["payment_id"])
    method: Row = php.columns(found) if found else {}
    return {"payment_method": method, "payment_info": json.loads(row["payment_info"])}


def _delivery(shop: Shop, row: Row) -> Row:
    groups = json.loads(row["shipping"])
    shown = {key: {name: value for name, value in item.items() if name != "cents"} for key, item in groups.items()}
    shipments = shop.rows("SELECT shipment_id FROM shipments WHERE order_id=?", (row["order_id"],))
    return {
        "shipping": shown,
        "need_shipping": bool(shown),
        "need_shipment": not shipments,
        "shipment_ids": [str(item["shipment_id"]) for item in shipments],
    }


def _products(shop: Shop, lines: list[Row]) -> Row:
    """Keyed by item id, in an order that changes from read to read (trap 35)."""
    shop.reads += 1
    return {str(line["item_id"]): _line(shop, line) for line in (lines if shop.reads % 2 else reversed(lines))}


def _line(shop: Shop, line: Row) -> Row:
    status = shop.value("SELECT status FROM products WHERE product_id=?", line["product_id"])
    shipped = shop.value(
        "SELECT coalesce(sum(i.amount),0) FROM shipment_items i JOIN shipments s USING (shipment_id) WHERE s.order_id=? AND i.item_id=?",
        line["order_id"],
        line["item_id"],
    )
    discount = line["base_price"] - line["price"]
    extra: Row = {
        "product": line["product"],
        "company_id": str(line["company_id"]),
        "is_edp": "N",
        "base_price": php.number(line["base_price"]),
        "discount": php.number(discount),
        "product_options": {},
        "product_options_value": [],
        "stored_price": line["stored_price"],
        **json.loads(line["extra"]),
    }
    plain = php.columns({n: line[n] for n in ("item_id", "order_id", "product_id", "product_code", "company_id")})
    return {
        **plain,
        "product": line["product"],
        "price": php.money(line["price"]),
        "amount": str(line["amount"]),
        "base_price": php.number(line["base_price"]),
        "original_price": php.number(line["base_price"]),
        "discount": php.number(discount),
        "subtotal": php.number(line["price"] * line["amount"]),
        "display_subtotal": php.number(line["price"] * line["amount"]),
        "tax_value": php.number(line["tax_value"]),
        "extra": extra,
        "shipped_amount": shipped,
        "shipment_amount": str(line["amount"] - shipped),
        "deleted_product": status is None,
        "product_status": status,
        "product_url": f"index.php?dispatch=products.view&product_id={line['product_id']}",
    }


def _groups(row: Row, lines: Row) -> list[Row]:
    package = {"packages": [{"shipping_params": [], "products": {k: v["amount"] for k, v in lines.items()}}]}
    return [{"name": f"Company {row['company_id']}", "company_id": row["company_id"], "products": lines, "package_info": package}]
