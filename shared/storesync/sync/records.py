"""What a pass remembers of a pair after it agreed: claims, rows with prints, and journal entries."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from ..domain import prints
from ..domain.changes import Cause
from ..domain.connection import Connection
from ..domain.journal import Action, Entry
from ..domain.links import Claim, Row
from ..domain.model import Group, Product, Record, StoreName
from ..domain.planning import Decision

STRICT = (Group.PRICE, Group.STOCK)
DELETED = "Deleted"


def row_ids(store: StoreName, product: Product) -> list[str]:
    """Webasyst lists a product as one row, CS-Cart each variation as its own."""
    if store is StoreName.WEBASYST:
        return [product.id]
    return list(dict.fromkeys([product.id, *(variant.id for variant in product.variants)]))


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

    With a `reason` the rows are parked as the product is now: a pass leaves them alone until something about them changes.
    """
    known = tuple(known)
    now = prints.of(product)
    versions = {row.id: row.version for row in known}
    result = []
    for row_id in row_ids(store, product):
        own = _variants_of(store, row_id, product)
        names = {prints.key(group, item) for item in own for group in (Group.IDENTITY, Group.PRICE, Group.STOCK)}
        if row_id == product.id:
            names |= {prints.key(group) for group in (Group.CONTENT, Group.LISTING, Group.MEDIA)}
        skus = {variant.id: variant.sku.strip() for variant in product.variants}
        variants = {item: (pairs.get(item, ""), skus[item]) for item in own}
        mine = {name: kept[name] for name in names if name in kept}
        parked = parked_mark(reason, {name: now[name] for name in names if name in now}, settings) if reason else ""
        result.append(Row(store, row_id, product.id, counterpart, variants, mine, parked, versions.get(row_id, 0)))
    return result


def kept_prints(read: Product, desired: Product, kept: Product | None, written: Iterable[str]) -> dict[str, str]:
    """Prints to remember. What was not written is as it was read before (a later edit must still be seen as one). Of price and stock
    the value that was sent counts, so that a sale between the write and the read-back is not swallowed; of the rest what was kept."""
    result = prints.of(read)
    if kept is None:
        return result
    sent, now = prints.of(desired), prints.of(kept)
    for name in written:
        strict = name.split(":")[0] in STRICT
        value = sent.get(name) if strict and ":" in name else now.get(name)
        if value is not None:
            result[name] = value
    return result


def claims(cscart: Product, webasyst: Product, pairs: Mapping[str, str]) -> list[tuple[Claim, Claim]]:
    """Twins for each pair of variant ids (CS-Cart -> Webasyst)."""
    result = []
    for ours, theirs in pairs.items():
        left, right = cscart.variant(ours), webasyst.variant(theirs)
        if left and right:
            sku = left.sku.strip()
            result.append(
                (
                    Claim(StoreName.CSCART, ours, cscart.id, theirs, webasyst.id, sku),
                    Claim(StoreName.WEBASYST, theirs, webasyst.id, ours, cscart.id, sku),
                )
            )
    return result


def entries(decisions: Sequence[Decision], records: Mapping[StoreName, str], cause: Cause, run: str, at: datetime) -> list[Entry]:
    return [
        Entry(
            kind="product",
            subject=decision.subject.strip(),
            action=Action.CONFLICT if decision.loser and decision.rule == "both changed" else Action.WRITTEN,
            store=decision.target,
            record_id=records[decision.target],
            group=decision.group,
            old=decision.old,
            new=decision.new,
            rule=decision.rule,
            cause=cause,
            run=run,
            loser=decision.loser,
            at=at,
        )
        for decision in decisions
    ]
