"""What a pass remembers of a pair after it agreed: claims, rows with prints, and journal entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..domain import fields, prints
from ..domain.changes import Cause
from ..domain.connection import Connection
from ..domain.journal import Action, Entry
from ..domain.links import Claim, Row
from ..domain.model import PRODUCT_GROUPS, VARIANT_GROUPS, Group, Product, Record, StoreName

if TYPE_CHECKING:
    from ..domain.planning import Decision

STRICT = (Group.PRICE, Group.STOCK)
DELETED = "Deleted"


def row_ids(store: StoreName, product: Product) -> list[str]:
    """Webasyst lists a product as one row, CS-Cart each variation as its own."""
    if store is StoreName.WEBASYST:
        return [product.id]
    return list(dict.fromkeys([product.id, *(variant.id for variant in product.variants if variant.id)]))


def _variants_of(store: StoreName, row_id: str, product: Product) -> tuple[str, ...]:
    if store is StoreName.WEBASYST:
        return tuple(variant.id for variant in product.variants)
    return tuple(variant.id for variant in product.variants if variant.id == row_id)


def settings_mark(connection: Connection) -> str:
    """Changes when the owner changes a setting that may be why a record was set aside."""
    told = (connection.rates, connection.categories, connection.policies, connection.create_in_webasyst, connection.create_in_cscart)
    return prints.of_value([sorted(item.items()) if isinstance(item, Mapping) else item for item in told])[:4]


def parked_mark(reason: str, now: Mapping[str, str], settings: str) -> str:
    return f"{reason}@{settings}{prints.of_value(sorted(now.items()))}"


def moved(row: Row | None, record: Record, settings: str) -> bool:
    """Whether a listed row is worth a closer look: new, changed since it was kept, or, set aside, changed since then, or the settings have."""
    if row is None:
        return True
    if row.parked:
        return row.parked.partition("@")[2] != settings + prints.of_value(sorted(record.prints.items()))
    return dict(row.prints) != record.prints


def rows(
    store: StoreName,
    product: Product,
    counterpart: str,
    pairs: Mapping[str, str],
    known: Iterable[Row],
    kept: Mapping[str, str],
    reason: str = "",
    settings: str = "",
) -> list[Row]:
    """Rows as they shall be stored; `kept` are the prints of the whole product, `pairs` this store's variant id -> the other's.

    Pairs with other products stay as they were. With a `reason` the rows are parked as the product is now: a pass leaves them alone
    until something about them changes.
    """
    before = {row.id: row for row in known}
    now = prints.of(product)
    skus = {variant.id: variant.sku.strip() for variant in product.variants}
    result = []
    for row_id in row_ids(store, product):
        old = before.get(row_id)
        own = _variants_of(store, row_id, product)
        names = {prints.key(group, item) for item in own for group in VARIANT_GROUPS}
        names |= {prints.key(group) for group in PRODUCT_GROUPS} if row_id == product.id else set()
        earlier = {item: pair[0] for item, pair in old.variants.items()} if old else {}
        variants = {item: (pairs.get(item) or earlier.get(item, ""), skus[item]) for item in own}
        mine = any(item in pairs for item in own) or not own
        linked = counterpart if mine or not old else old.counterpart
        parked = parked_mark(reason, {name: now[name] for name in names if name in now}, settings) if reason else ""
        found = {name: kept[name] for name in names if name in kept}
        result.append(Row(store, row_id, product.id, linked, variants, found, parked, old.version if old else 0))
    return result


def kept_prints(read: Product, desired: Product, kept: Product, written: Iterable[str]) -> dict[str, str]:
    """Prints to remember. What was not written is as it was read before: a later edit must still be seen as one."""
    sent, now = prints.of(desired), prints.of(kept)
    found = {name: written_print(name, sent, now) for name in written}
    return prints.of(read) | {name: value for name, value in found.items() if value is not None}


def written_print(key: str, sent: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """Of price and stock the value that was sent counts, so that a sale between the write and the read-back is not swallowed; of the rest
    what was kept."""
    return (sent if key.partition(":")[0] in STRICT else now).get(key)


def claims(cscart: Product, webasyst: Product, pairs: Mapping[str, str]) -> list[tuple[Claim, Claim]]:
    """Twins for each pair of variant ids (CS-Cart -> Webasyst)."""
    result = []
    for ours, theirs in pairs.items():
        left, right = cscart.variant(ours), webasyst.variant(theirs)
        if left and right:
            sku = left.sku.strip()
            mine = Claim(StoreName.CSCART, ours, cscart.id, theirs, webasyst.id, sku)
            result.append((mine, Claim(StoreName.WEBASYST, theirs, webasyst.id, ours, cscart.id, sku)))
    return result


def entry(decision: Decision, record_id: str, cause: Cause, run: str, at: datetime, action: Action | None = None) -> Entry:
    """`old` and `new` are the fields that differ, as JSON; of a conflict `old` is what was overruled."""
    chosen = action or (Action.CONFLICT if decision.lost else Action.WRITTEN)
    old = fields.text(decision.old)
    return Entry(
        kind="product",
        subject=decision.subject,
        action=chosen,
        store=decision.target,
        record_id=record_id,
        group=decision.group,
        old=old,
        new=fields.text(decision.new),
        rule=decision.rule,
        cause=cause,
        run=run,
        loser=old if decision.lost else "",
        at=at,
        data={"key": decision.key},
    )


def entries(
    decisions: Sequence[Decision], ids: Mapping[StoreName, str], cause: Cause, run: str, at: datetime, kept: Mapping[StoreName, Product]
) -> list[Entry]:
    """`data["kept"]`: what the store made of the new value, where it is something else. A SKU that changes is told under both names."""
    told = [(item, _with_kept(entry(item, ids[item.target], cause, run, at), item, kept[item.target])) for item in decisions]
    renamed = [replace(one, subject=name, data={}) for item, one in told for name in _other_names(item)]
    return [one for _, one in told] + renamed


def _other_names(decision: Decision) -> set[str]:
    names = {str(values.get("sku", "")).strip() for values in (decision.old, decision.new)}
    return names - {"", decision.subject} if decision.group is Group.IDENTITY else set()


def _with_kept(told: Entry, decision: Decision, product: Product) -> Entry:
    now = _now(decision, product)
    return replace(told, data={**told.data, "kept": fields.text(now)}) if now and now != dict(decision.new) else told


def _now(decision: Decision, product: Product) -> dict[str, Any]:
    """The decision's fields as they are in its target; empty when the variant is gone."""
    found = fields.of_key(product, decision.key, decision.group) or {}
    return {name: found[name] for name in decision.new if name in found}


def is_kept(decision: Decision, product: Product) -> bool:
    """Whether its target holds what was decided, byte for byte."""
    return _now(decision, product) == dict(decision.new)
