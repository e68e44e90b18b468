"""Over many random runs: undone, a run leaves no trace but what was edited since; and the last entry of a field explains its value."""

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from storesync.console import records
from storesync.domain import fields, texts
from storesync.domain.journal import Action, Entry
from storesync.domain.model import Group, StoreName
from storesync.sync import preview, undo
from storesync.sync.budget import Budget

from tests.integration.drawn_shops import Drawn, Value, planned, states
from tests.sandbox.simulator import peace

KINDS = ("product", "media")


def applied(shops: Drawn) -> list[Entry]:
    """One run: what a plan shows is written."""
    world = shops.stack.world()
    preview.Preview(world, Budget.of(world.clock)).run(preview.ask("main", "plan"))
    preview.Application(world, Budget.of(world.clock)).run(preview.approve("main", "plan", "apply"))
    return list(world.journal.of_run("plan"))


def edited(shops: Drawn, wanted: Value, chance: Random) -> set[tuple[str, ...]]:
    """Somebody changes some of what the run wrote, by hand, to values that nobody had before; which fields."""
    found = set()
    for number, (store, record, key, name) in enumerate(sorted(wanted)):
        shop, variant = shops.stack.stores[StoreName(store)], key.partition(":")[2]
        if chance.random() < 0.3 and name in ("price", "stock", "meta_title"):
            if name == "meta_title":
                content = shop.products([record])[0].content
                shop.edit(record, content=replace(content, meta_title=f"by hand {number}"))
            else:
                shop.edit_variant(variant, **{name: Decimal(70_000 + number) if name == "price" else 9000 + number})
            found.add((store, record, key, name))
    return found


def test_undo_puts_back_every_byte_of_a_run_but_what_was_edited_since(request: pytest.FixtureRequest) -> None:
    """`--generated-states 1000` undoes a thousand runs."""
    undone = kept = 0
    for seed in states(request, 20_000):
        shops = Drawn(seed)
        shops.move(shops.people.random.randint(2, 9), orders=False)
        before = shops.kept()
        wrote = planned(applied(shops))
        hands = edited(shops, wrote, Random(seed))
        between = shops.kept()
        world = shops.stack.world()
        undo.Undo(world, Budget.of(world.clock)).run(undo.ask("main", "apply", "undo"))
        after = shops.kept()
        groups = {field[:3] for field in hands}
        for field, value in after.items():
            if field[2] in KINDS or field not in before:
                continue
            if field in wrote and field[:3] not in groups:
                assert value == before[field], (seed, field)
                undone += 1
            else:
                assert value == between[field], (seed, field)
                kept += field in hands
        told = {(one.store, one.record_id, one.group) for one in world.journal.of_run("undo") if one.rule == undo.EDITED}
        assert {(store, record, key.partition(":")[0]) for store, record, key, _ in hands} <= told, seed
    assert undone
    assert kept


def test_the_last_entry_of_a_field_explains_its_value(request: pytest.FixtureRequest) -> None:
    """Four fields of each state, drawn at random."""
    explained = 0
    for seed in states(request, 30_000):
        shops = Drawn(seed)
        shops.move(6, orders=False)
        peace.passes(shops.stack, 310)
        peace.passes(shops.stack, peace.SWEEP_SECONDS)
        chance = Random(seed)
        for sku, store, record, key, name in chance.sample(sorted(_linked(shops)), min(4, len(_linked(shops)))):
            explained += _is_explained(shops, sku, (store, record, key, name), seed)
    assert explained


def test_an_answer_takes_two_table_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    shops = Drawn(30_002)
    sku, world = sorted(_linked(shops))[0][0], shops.stack.world()
    at = world.clock.now()
    world.journal.write(
        [Entry("product", sku, Action.WRITTEN, "webasyst", "1", "price", new=f'{{"price":"{number}"}}', at=at) for number in range(3)]
    )
    for number in range(60):
        told = Entry("product", sku, Action.WRITTEN, "webasyst", "1", "price", new=f'{{"price":"{number}"}}', at=at)
        world.journal.write([replace(told, data={"number": str(number)})])
    reads = []
    table = shops.stack.state.records
    for name in ("get_many", "query"):
        real = getattr(table, name)
        monkeypatch.setattr(table, name, lambda *given, _name=name, _real=real, **more: (reads.append(_name), _real(*given, **more))[1])
    found = records.timeline(world, "product", sku)
    assert len(found) == records.SHOWN_HISTORY
    assert sorted(reads) == ["get_many", "query"]


def _linked(shops: Drawn) -> set[tuple[str, ...]]:
    """Fields of what has a counterpart, with the SKU that a person would look up."""
    found = set()
    links, kept = shops.stack.state.links(), shops.kept()
    for store, shop in shops.stack.stores.items():
        for product in shop.products([str(key) for key in shop.shelf]):
            main = product.variants[0].sku.strip()
            for variant in product.variants:
                if links.claims(store, [variant.id]):
                    own = [
                        (variant.sku.strip(), *field)
                        for field in kept
                        if field[2].endswith(f":{variant.id}") and field[:2] == (store, product.id)
                    ]
                    found |= set(own)
            if links.claims(store, [product.variants[0].id]):
                found |= {(main, *field) for field in kept if field[:2] == (store, product.id) and field[2] == Group.CONTENT}
    return found


def _is_explained(shops: Drawn, sku: str, field: tuple[str, ...], seed: int) -> bool:
    _, _, key, name = field
    history = records.timeline(shops.stack.world(), "product", sku)
    group = key.partition(":")[0]
    written = (Action.WRITTEN, Action.CONFLICT)
    about = [one for one in records.of_field(history, group) if one.action in written and one.new and name in fields.read(one.new)]
    if not about:
        first = [one for one in history if one.action in (Action.CREATED, Action.LINKED)]
        known = first or any(one.action in (Action.PARKED, *written) for one in history)
        assert known, (seed, sku, field, history)
        return False
    assert _same(fields.read(about[0].data.get("kept") or about[0].new)[name], shops.kept()[field], name), (seed, sku, field, about[0])
    return True


def _same(told: Any, now: Any, name: str) -> bool:
    """Texts as a reader sees them, as each shop keeps them in its own spelling; amounts as each shop rounds them."""
    if name in ("price", "compare_price"):
        return abs(Decimal(told) - Decimal(now)) <= Decimal("0.005")
    if isinstance(told, str):
        return texts.seen(told)[:200] == texts.seen(now)[:200]
    return bool(told == now)
