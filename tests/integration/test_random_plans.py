"""Over many random states of both shops: what an application of a plan writes is what the plan showed, field by field."""

import pytest
from storesync.domain import fields
from storesync.domain.changes import Cause
from storesync.domain.journal import Action, Entry
from storesync.domain.model import Group, StoreName
from storesync.sync import preview
from storesync.sync.budget import Budget

from tests.integration.drawn_shops import Drawn, Value, changed, planned, states


def plan(shops: Drawn, name: str = "plan") -> list[Entry]:
    world = shops.stack.world()
    before = shops.stack.writes
    preview.Preview(world, Budget.of(world.clock)).run(preview.ask("main", name))
    assert shops.stack.writes == before
    return list(world.journal.of_run(name))


def apply(shops: Drawn) -> list[Entry]:
    world = shops.stack.world()
    preview.Application(world, Budget.of(world.clock)).run(preview.approve("main", "plan", "apply"))
    return list(world.journal.of_run("apply"))


def of_lines(shops: Drawn, entries: list[Entry]) -> set[tuple[str, str, str]]:
    """New products and variants, and images, as a plan shows them."""
    found = set()
    for entry in entries:
        if entry.action is Action.PLANNED and entry.group == "product":
            found.add((entry.store, "product", entry.subject))
        elif entry.action is Action.PLANNED and entry.group == "variant":
            found.add((entry.store, "variant", entry.subject))
        elif entry.action is Action.PLANNED and entry.group == Group.MEDIA:
            found.add((entry.store, "media", entry.record_id))
    return found


def of_changes(before: Value, after: Value) -> set[tuple[str, str, str]]:
    found = set()
    known = {key[:2] for key in before}
    for (store, record, key, name), value in changed(before, after).items():
        if key == "product" and (store, record) not in known:
            found.add((store, "product", value))
        elif (
            (store, record) in known and key.startswith(f"{Group.IDENTITY}:") and (store, record, key, name) not in before and name == "sku"
        ):
            found.add((store, "variant", value.strip()))
        elif (store, record) in known and key == Group.MEDIA:
            found.add((store, "media", record))
    return found


def fields_changed(before: Value, after: Value) -> Value:
    """Of records and variants that were there before."""
    return {key: value for key, value in changed(before, after).items() if key in before and key[2] not in ("product", "media")}


def lines(entries: list[Entry]) -> set[tuple[str, ...]]:
    made = (Action.PLANNED, Action.WRITTEN, Action.CONFLICT)
    return {(one.store, one.record_id, one.data["key"], one.old, one.new) for one in entries if one.action in made and "key" in one.data}


def assert_fields(found: Value, wanted: Value, seed: int) -> None:
    """Texts are cleaned by the shops, into what they were before if need be; everything else is what was shown."""
    texts = {key for key in wanted if key[2] == Group.CONTENT}
    assert {key: value for key, value in found.items() if key not in texts} == {key: wanted[key] for key in wanted if key not in texts}, (
        seed
    )


def test_the_writes_sent_are_the_writes_planned(request: pytest.FixtureRequest) -> None:
    """`--generated-states 1000` tries a thousand states, in about a minute."""
    seen = 0
    for seed in states(request):
        shops = Drawn(seed)
        shops.move(shops.people.random.randint(1, 8), orders=False)
        before = shops.kept()
        shown = plan(shops)
        sent = apply(shops)
        after = shops.kept()
        assert [entry for entry in sent if entry.action is Action.REFUSED] == [], seed
        assert lines(sent) == lines(shown), seed
        assert_fields(fields_changed(before, after), planned(shown), seed)
        assert of_changes(before, after) == of_lines(shops, shown), seed
        seen += len(planned(shown)) + len(of_lines(shops, shown))
        assert plan(shops, "again") == [] or any(entry.action is Action.PARKED for entry in plan(shops, "again2")), seed
    assert seen > 0


def test_orders_are_made_and_moved_as_planned(request: pytest.FixtureRequest) -> None:
    made = steps = 0
    for seed in states(request, 10_000):
        shops = Drawn(seed)
        shops.move(shops.people.random.randint(2, 9))
        shown = [entry for entry in plan(shops) if entry.action is Action.PLANNED and entry.group in ("order", "status")]
        sent = [
            entry for entry in apply(shops) if entry.kind == "order" and entry.action in (Action.CREATED, Action.LINKED, Action.WRITTEN)
        ]
        refused = {
            entry.subject for entry in shops.stack.state.journal().of_run("apply") if entry.action in (Action.REFUSED, Action.PARKED)
        }
        aside = {parked.record_id for parked in shops.stack.state.links().parked("order")} | refused
        assert told(sent, aside) == told(shown, aside), seed
        made += sum(entry.group == "order" and not entry.old for entry in shown)
        steps += sum(entry.group == "status" for entry in shown)
    assert made
    assert steps


def told(entries: list[Entry], aside: set[str]) -> set[tuple[str, ...]]:
    """Which order is made, edited or moved where, and to what; those that had to be set aside are not compared."""
    found: set[tuple[str, ...]] = set()
    for entry in entries:
        if entry.subject in aside or entry.group not in ("order", "status"):
            continue
        new = fields.read(entry.new) if entry.new else {}
        what = new.get("status", "") if entry.group == "status" else "edited" if entry.old else "new"
        found.add((entry.store, entry.subject, entry.group, what))
    return found


def test_a_preview_of_orders_says_what_mails_and_money_it_would_cost() -> None:
    shops = Drawn(3)
    shops.people.buy(StoreName.CSCART)
    shops.stack.clock.sleep(31)
    shown = [entry for entry in plan(shops) if entry.group == "order"]
    shops.stack.state.state.settle()
    (run,) = shops.stack.state.streams().runs("preview")
    assert [(entry.store, entry.cause) for entry in shown] == [("webasyst", Cause.CONSOLE)]
    assert run.counts["orders_created_webasyst"] == 1
    assert run.counts["mails"] >= 1
    assert run.counts["money"] >= float(fields.read(shown[0].new)["total"])
