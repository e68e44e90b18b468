"""Which resources the API has, what they ask for, and which children they own."""

from __future__ import annotations

from dataclasses import replace

from tests.sandbox.cscart import (
    catalog,
    features,
    hooks,
    order_write,
    orders,
    people,
    product_write,
    products,
    shipments,
    statuses,
    variations,
)
from tests.sandbox.cscart.shop import Call, Entity, Handler, Row, Shop

_COMPANIES = {"index": people.companies, "get": people.company, "create": people.create_company}


def _version(shop: Shop, call: Call) -> Row:
    return {"Version": call.version}


def _grouped(shop: Shop, call: Call) -> Row:
    """`/product_variations`: only products of groups."""
    return products.index(shop, replace(call, params={**call.params, "has_variation_group": "Y"}))


def table() -> dict[str, Entity]:
    catalogue = ("view_catalog", "manage_catalog")
    product = Entity(*catalogue, products.index, products.get, product_write.create, product_write.update, product_write.delete)
    return {
        "version": Entity("", "", _version),
        "products": product,
        "product_variations": replace(product, index=_grouped),
        "product_variations_groups": Entity(
            *catalogue,
            variations.groups,
            variations.group,
            variations.create_group,
            delete=variations.delete_group,
            named=True,
        ),
        "categories": Entity(*catalogue, catalog.index, catalog.get, catalog.create, catalog.update, catalog.delete),
        "features": Entity(*catalogue, features.index, features.get, features.create),
        "orders": Entity(
            "view_orders",
            "edit_order",
            orders.index,
            orders.get,
            order_write.create,
            order_write.update,
            order_write.delete,
            rights={"POST": "create_order", "DELETE": "delete_orders"},
        ),
        "statuses": Entity("manage_order_statuses", "manage_order_statuses", statuses.index, statuses.get, statuses.create),
        "shipments": Entity(
            "view_orders",
            "edit_order",
            shipments.index,
            shipments.get,
            shipments.create,
            shipments.update,
            shipments.delete,
        ),
        "users": Entity("view_users", "manage_users", people.index, people.get, people.create, people.update, people.delete),
        "stores": Entity("view_stores", "manage_stores", created=200, **_COMPANIES),
        "vendors": Entity("view_vendors", "manage_vendors", created=200, **_COMPANIES),
        "zapier_hooks": Entity("view_zapier_hooks", "manage_zapier_hooks", hooks.index, hooks.get, hooks.create, delete=hooks.delete),
        "payments": catalog.table("payments", "payment_id"),
        "shippings": catalog.table("shippings", "shipping_id", hidden=("rate", "countries")),
        "taxes": catalog.table("taxes", "tax_id"),
        "settings": catalog.table("settings", "setting_id"),
        "languages": Entity("view_languages", "manage_languages", catalog.languages),
        "currencies": Entity("view_currencies", "manage_currencies", catalog.currencies),
    }


def children() -> dict[tuple[str, str, str], Handler]:
    """(method, entity, child) for `/entity/ID/child`."""
    return {
        ("GET", "products", "features"): features.of_product,
        ("GET", "categories", "products"): catalog.category_products,
        ("POST", "product_variations", "detach_product_variation"): variations.detach,
    }
