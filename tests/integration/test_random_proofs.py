"""Over many random states: a proof lists what was tampered with, line by line and nothing else, and one repair brings agreement back."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from storesync.domain.comparison import Difference
from storesync.domain.model import Product, StoreName, Visibility
from storesync.sync.repair import Repair

from tests.fakes.stores import MemoryStore
from tests.integration.drawn_shops import Drawn, states
from tests.integration.test_proof import Drawer, proved
from tests.sandbox.simulator import peace

TEXTS = ("name", "summary", "description", "meta_title", "meta_keywords", "meta_description")
Key = tuple[str, str, str]


def text(shop: MemoryStore, product: Product, number: int, name: str) -> str:
    shop.edit(product.id, content=replace(product.content, **{name: f"tampered {number}"}))
    return name


def of_variant(shop: MemoryStore, product: Product, number: int, name: str) -> str:
    values: dict[str, Any] = {"price": Decimal(50_000 + number), "compare_price": Decimal(90_000 + number), "stock": 7000 + number}
    shop.edit_variant(product.variants[0].id, **{name: values[name]})
    return name


def listing(shop: MemoryStore, product: Product, number: int, name: str) -> str:
    hidden = product.listing.visibility is Visibility.VISIBLE
    chosen = Visibility.DISABLED if hidden else Visibility.VISIBLE
    category = "2" if product.listing.categories[:1] == ("1",) else "1"
    changed = {"visibility": {"visibility": chosen}, "categories": {"categories": (category,)}}[name]
    shop.edit(product.id, listing=replace(product.listing, **changed))
    return name


def pictures(shop: MemoryStore, product: Product, number: int, name: str) -> str:
    address = f"https://pictures.example/tampered-{number}.png"
    shop.pictures[address] = address.encode()
    shop.set_images(product.id, [*(image.url for image in product.images), address])
    return name


TAMPERINGS: dict[str, Callable[[MemoryStore, Product, int, str], str]] = {
    **dict.fromkeys(TEXTS, text),
    **dict.fromkeys(("price", "compare_price", "stock"), of_variant),
    **dict.fromkeys(("visibility", "categories"), listing),
    "images": pictures,
}


def paired(shops: Drawn) -> list[tuple[StoreName, str]]:
    """Products that have a counterpart, of both shops, each pair once."""
    links = shops.stack.state.links()
    found = []
    for key in shops.stack.cscart.shelf:
        rows = links.of_product(StoreName.CSCART, [str(key)]).get(str(key), [])
        counterparts = {row.counterpart for row in rows if row.counterpart}
        if len(counterparts) == 1 and not any(row.parked for row in rows):
            found += [(StoreName.CSCART, str(key)), (StoreName.WEBASYST, counterparts.pop())]
    return found


def tampered(shops: Drawn, chance: Random, before: set[Key]) -> list[str]:
    """Some fields of some products and orders; their names. What differed before is left alone."""
    found = []
    pairs = paired(shops)
    for at in range(0, len(pairs), 2):
        store, product_id = pairs[at + chance.randrange(2)]
        subject = shops.stack.cscart.products([pairs[at][1]])[0].variants[0].sku.strip()
        whole = sorted(name for name in TAMPERINGS if ("product", subject, name) not in before)
        for name in chance.sample(whole, chance.randint(0, 3)):
            product = shops.stack.stores[store].products([product_id])[0]
            found.append(TAMPERINGS[name](shops.stack.stores[store], product, len(found), name))
    for key, order in shops.stack.webasyst.orders_kept.items():
        link = shops.stack.state.links().order(StoreName.WEBASYST, str(key))
        if link and link.cscart_id and not link.parked and chance.random() < 0.5:
            name = chance.choice(("total", "shipping"))
            if ("order", link.cscart_id, name) in before:
                continue
            shops.stack.webasyst.orders_kept[key] = replace(order, **{name: getattr(order, name) + Decimal("0.01")})
            found.append(name)
    return found


def keys(lines: list[Difference]) -> set[Key]:
    return {(line.kind, line.subject, line.field) for line in lines}


def test_k_random_tamperings_are_k_lines_and_one_repair_brings_agreement(request: pytest.FixtureRequest) -> None:
    """`--generated-states 1000` tampers with a thousand pairs of shops."""
    tried = 0
    for seed in states(request, 40_000):
        shops = Drawn(seed)
        shops.move(8)
        peace.restore(shops.stack)
        before = keys(proved(shops.stack, Drawer())[1])
        names = tampered(shops, Random(seed), before)
        newest, found = proved(shops.stack, Drawer())
        fresh = [line for line in found if (line.kind, line.subject, line.field) not in before]
        assert sorted(line.field for line in fresh) == sorted(names), (seed, fresh)
        assert any(ours != theirs for ours, theirs in newest["parts"]) or not any(line.kind == "product" for line in found), seed
        tried += len(names)
        Repair(shops.stack.world()).run([line for line in fresh if line.kind == "product"])
        shops.stack.drain()
        left = [
            line
            for line in proved(shops.stack, Drawer())[1]
            if line.kind == "product" and (line.kind, line.subject, line.field) not in before
        ]
        assert left == [], seed
    assert tried
