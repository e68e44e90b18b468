"""Prints lie in the tables of merchants for years: what they are made of must not change, or a whole catalogue would look edited."""

from decimal import Decimal

from storesync.domain import order_comparison, prints
from storesync.domain.model import Content, Image, Listing, Product, StoreName, Variant
from storesync.domain.orders import Address, Customer, Line, Order


def test_a_products_prints_are_those_that_earlier_versions_kept() -> None:
    variant = Variant("1", "MUG", Decimal("10.50"), stock=5)
    product = Product("9", Content("Ёлка", "s"), Listing(categories=("1", "3", "2")), (variant,), "RUB", (Image("1", "u", "k"),))
    assert prints.of(product) == {
        "identity:1": "w4icBH_91hHA", "price:1": "10.5/0", "stock:1": "5",
        "content": "YpJmEvPXZgWk", "listing": "v:Pd27pRvKUTXl", "media": "0gSzlbgeqQ6i",
    }  # fmt: skip


def test_an_orders_print_is_the_one_that_earlier_versions_kept() -> None:
    lines = (Line("1", "5", "50", "MUG", "Mug", Decimal("10.50"), 2),)
    buyer, home = Customer("3", "Ё", "P", "a@example.com", "1"), Address(street="Lenina 5", city="Perm")
    order = Order("7", "O", "RUB", lines, Decimal(21), customer=buyer, billing_address=home, comment="x")
    assert [order_comparison.body_print(order, store) for store in StoreName] == ["g-8ij7WcXp-z", "6I6oa2K_apPj"]
