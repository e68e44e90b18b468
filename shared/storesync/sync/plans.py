"""A proposal as lines: what a preview shows, and what an application compares itself with, so that it writes exactly what was shown."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ..domain import fields
from ..domain.journal import Action, Entry
from ..domain.model import Group, Product, StoreName
from ..domain.planning import Decision
from ..errors import MissingLink
from . import damage
from .pending import name_of
from .proposals import Creation, Proposals, Refusal, Update

KIND = "plan"
Line = tuple[str, str, str, str]


def of_update(update: Update) -> list[Entry]:
    """One entry per write; none where both sides agree."""
    ids = {name: update.pair.side(name).product.id for name in StoreName}
    data = {"pair": name_of(update.pair), "source": update.store.value, "id": update.match.source.id}
    found = [
        Entry(
            KIND,
            item.subject,
            Action.PLANNED,
            item.target,
            ids[item.target],
            item.group,
            old=fields.text(item.old),
            new=fields.text(item.new),
            rule=item.rule,
            loser=fields.text(item.old) if item.lost else "",
            data={**data, "key": item.key, **_pieces(update, item)},
        )
        for item in update.plan.decisions
    ]
    for store, gains in update.added.items():
        for item in (gain.variant for gain in gains):
            gained = fields.text({"sku": item.sku, "price": str(item.price), "stock": item.stock})
            found.append(
                Entry(KIND, item.sku.strip(), Action.PLANNED, store, ids[store], "variant", new=gained, rule="new variant", data=data)
            )
    if update.media is not None:
        old, new = (fields.of_product(update.pair.side(name).product, Group.MEDIA) for name in (update.media, update.media.other))
        subject = update.pair.cscart.product.variants[0].sku.strip()
        texts = fields.text(old), fields.text(new)
        found.append(
            Entry(KIND, subject, Action.PLANNED, update.media, ids[update.media], Group.MEDIA, *texts, rule=update.media_rule, data=data)
        )
    return found


def _pieces(update: Update, decision: Decision) -> dict[str, str]:
    """How many pieces a new price is for."""
    variant = update.pair.side(decision.target).product.variant(decision.key.partition(":")[2])
    return {"pieces": str(variant.stock)} if decision.group is Group.PRICE and variant is not None and variant.stock else {}


def of_creation(creation: Creation) -> list[Entry]:
    source = creation.match.source
    data = {"pair": f"{creation.store}:{source.id}", "source": creation.store.value, "id": source.id}
    new = fields.text(_whole(creation.desired, len(source.images)))
    subject = creation.desired.variants[0].sku.strip()
    rule = f"new in {creation.store}"
    return [Entry(KIND, subject, Action.PLANNED, creation.store.other, "", "product", new=new, rule=rule, data=data)]


def of_refusal(refusal: Refusal) -> list[Entry]:
    """Why a record is left alone; nothing for what the owner wants so."""
    if refusal.quiet:
        return []
    data = {"pair": f"{refusal.store}:{refusal.product.id}", "source": refusal.store.value, "id": refusal.product.id}
    subject = refusal.product.variants[0].sku.strip() or refusal.product.content.name
    rule = "counterpart deleted" if isinstance(refusal.error, MissingLink) and refusal.match else type(refusal.error).__name__
    return [Entry(KIND, subject, Action.PARKED, refusal.store, refusal.product.id, rule=rule, data=data)]


def of_all(proposals: Proposals) -> list[Entry]:
    found = [entry for item in proposals.updates for entry in of_update(item)]
    found += [entry for item in proposals.creations for entry in of_creation(item)]
    return found + [entry for item in proposals.refusals for entry in of_refusal(item)]


def lines(entries: Iterable[Entry]) -> frozenset[Line]:
    """What makes two plans for a record the same: the same writes to the same fields, with the same values before and after."""
    return frozenset(
        (entry.store, entry.data.get("key", entry.group), entry.old, entry.new) for entry in entries if entry.action is Action.PLANNED
    )


def totals(entries: Iterable[Entry]) -> Counter[str]:
    """How much of what, and the damage that it all could do: for the head of a preview."""
    entries = list(entries)
    found = damage.of_entries(entries)
    for entry in entries:
        if entry.action is Action.PARKED:
            found["skipped"] += 1
        elif entry.group in ("order", "status"):
            found[_of_order(entry)] += 1
        elif entry.group == "product":
            found[f"created_{entry.store}"] += 1
        else:
            found[f"written_{entry.store}"] += 1
            found["conflicts"] += bool(entry.loser)
            found.update(_kind(entry.group, fields.read(entry.old) if entry.old else {}, fields.read(entry.new)))
    return found


def _of_order(entry: Entry) -> str:
    if entry.group == "status":
        return "statuses"
    return "orders_edited" if entry.old else f"orders_created_{entry.store}"


def _kind(group: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    if group == Group.PRICE and "price" in new:
        return ["prices_up" if Decimal(new["price"]) > Decimal(old["price"]) else "prices_down"]
    if group == Group.STOCK:
        return ["stock_to_zero"] if new["stock"] == 0 else ["stock"]
    if group == Group.LISTING and new.get("visibility", "visible") != "visible":
        return ["hidden"]
    return [group]


def _whole(product: Product, images: int) -> dict[str, Any]:
    variants = [
        {"sku": item.sku, "price": str(item.price), "compare_price": str(item.compare_price), "stock": item.stock}
        for item in product.variants
    ]
    return {
        **fields.of_product(product, Group.CONTENT),
        **fields.of_product(product, Group.LISTING),
        "variants": variants,
        "images": images,
    }
