"""What is about to be written, noted before it is: after a crash or a lost answer our own value is told from somebody's edit.

One note per connection, as one worker at a time works on its products; it is gone when all that it speaks of is linked.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ..domain import prints, texts
from ..domain.connection import Policy
from ..domain.model import Group, Product, StoreName, Variant
from ..domain.planning import Decision, Pair, policy_of
from .ports import Lease, World

NAME, NEW = "pending", "new|"
COUNTED = (Group.PRICE, Group.STOCK)
LATE = "-"  # no print is like it: the images of that side are yet to go over


@dataclass(frozen=True, slots=True)
class Intention:
    """`media`: the store whose images are replaced; `added`: variants that a store gains."""

    pair: Pair
    decisions: Sequence[Decision]
    desired: Mapping[StoreName, Product]
    media: StoreName | None
    added: Mapping[StoreName, Sequence[Variant]]


@dataclass(slots=True)
class Pending:
    """By both product ids: what is written to each of the two, and the counts that they shall have."""

    world: World
    lease: Lease
    noted: dict[str, dict[str, Any]] = field(default_factory=dict)

    def load(self) -> None:
        found = self.world.streams.cursor(NAME)
        self.noted = json.loads(found) if found else {}

    def ids(self, store: StoreName) -> set[str]:
        """Products of this store whose last pass was cut off."""
        pairs = {name.split("|")[store is StoreName.WEBASYST] for name in self.noted if not name.startswith(NEW)}
        return pairs | self.begun(store)

    # -- creations

    def note_new(self, store: StoreName, creations: Iterable[tuple[Product, Product]]) -> None:
        """`creations`: a product of `store`, and as it is about to be created in the other."""
        at = self.world.clock.now().isoformat()
        noted = {
            new_name(store, source.id): {"at": at, "seen": prints.of(source), "made": _expected(made), "reads": _reads(made)}
            for source, made in creations
        }
        if noted:
            self._save(self.noted | noted)

    def began(self, store: StoreName, product_id: str) -> datetime | None:
        """When an earlier, unfinished try to create this product's counterpart was made."""
        noted = self.noted.get(new_name(store, product_id))
        return datetime.fromisoformat(noted["at"]) if noted else None

    def clear_new(self, store: StoreName, product_ids: Iterable[str]) -> None:
        done = {new_name(store, product_id) for product_id in product_ids}
        if done & self.noted.keys():
            self._save({name: noted for name, noted in self.noted.items() if name not in done})

    def made(self, store: StoreName, pair: Pair) -> Pair:
        """A pair whose one side we were creating from the other when the work was cut off: it holds our values, but for what was edited since."""
        source, target = pair.side(store).product, pair.side(store.other).product
        noted = self.noted.get(new_name(store, source.id))
        if not noted or pair.side(store.other).prints:
            return pair
        kept = {store: dict(noted["seen"]), store.other: prints.of(target)}
        for item in target.variants:
            for group, expected in noted["made"].get(f"sku {item.sku.strip()}", {}).items():
                kept[store.other][prints.key(Group(group), item.id)] = expected
        kept[store.other] |= noted["made"][""]
        if noted.get("reads") == _reads(target):  # ours, though the shop has cleaned it
            kept[store.other][Group.CONTENT.value] = prints.of(target)[Group.CONTENT.value]
        for found in kept.values():
            found.pop(Group.MEDIA.value, None)
        sides = {name: replace(pair.side(name), prints=kept[name]) for name in StoreName}
        return replace(pair, cscart=sides[StoreName.CSCART], webasyst=sides[StoreName.WEBASYST], made_from=store)

    def adding(self, store: StoreName) -> set[str]:
        """SKUs of variants that were being added to products of this store."""
        added = {sku for noted in self.noted.values() for sku in noted.get("added", {}).get(store, ())}
        made = [noted["made"] for name, noted in self.noted.items() if name.startswith(new_name(store.other, ""))]
        return added | {sku.removeprefix("sku ") for found in made for sku in list(found)[2:]}  # behind the product and its main variant

    def leftovers(self, store: StoreName) -> dict[str, str]:
        """SKU -> product of the other store whose counterpart was being created in this one."""
        found = {
            name.removeprefix(new_name(store.other, "")): noted
            for name, noted in self.noted.items()
            if name.startswith(new_name(store.other, ""))
        }
        return {sku.removeprefix("sku "): source for source, noted in found.items() for sku in noted["made"] if sku}

    def begun(self, store: StoreName) -> set[str]:
        """Products of this store that were being created in the other."""
        return {name.removeprefix(new_name(store, "")) for name in self.noted if name.startswith(new_name(store, ""))}

    # -- writes

    @property
    def names(self) -> set[str]:
        return {name for name in self.noted if not name.startswith(NEW)}

    def note(self, intentions: Sequence[Intention]) -> None:
        """Takes the place of what was noted of these pairs before."""
        merging = policy_of(self.world.connection, Group.STOCK) is Policy.TWO_WAY
        noted = {name_of(item.pair): _note(item, merging) for item in intentions if item.decisions or item.media or item.added}
        mine = {name_of(item.pair) for item in intentions}
        left = {name: found for name, found in self.noted.items() if name not in mine}
        if noted or len(left) < len(self.noted):
            self._save(left | noted)

    def clear(self, names: Collection[str], failed: Mapping[str, Collection[StoreName]]) -> None:
        """These pairs are linked, but for those that failed; of each of them, the stores whose writes were answered well: what these hold
        is known from now on.
        """
        left = {name: found for name, found in self.noted.items() if name not in names}
        left |= {name: _answered(self.noted[name], stores) for name, stores in failed.items() if name in self.noted}
        if left != self.noted:
            self._save(left)

    def _save(self, noted: dict[str, dict[str, Any]]) -> None:
        self.world.streams.save_cursor(NAME, json.dumps(noted, separators=(",", ":")) if noted else "", self.lease)
        self.noted = noted

    def believed(self, pair: Pair) -> Pair:
        """The pair with the prints that it would have, had the pass that was cut off been able to link what it wrote."""
        noted = self.noted.get(name_of(pair))
        if not noted:
            return pair
        now = {store: prints.of(pair.side(store).product) for store in StoreName}
        kept = {store: dict(pair.side(store).prints) for store in StoreName}
        for store in StoreName:
            for key, (old, new, other, seen) in noted["writes"].get(store, {}).items():
                if new in (old, now[store].get(key)):
                    kept[store][key], kept[store.other][other] = new, seen
        if noted["media"]:
            target = StoreName(noted["media"])
            kept[target][Group.MEDIA.value], kept[target.other][Group.MEDIA.value] = now[target][Group.MEDIA.value], LATE
        for store in StoreName:
            _believe_gained(pair, store, noted["added"].get(store, {}), kept)
        agreed = {ours: count for ours, count in noted["agreed"].items() if _settle(pair, ours, noted["writes"], count, now, kept)}
        sides = {store: replace(pair.side(store), prints=kept[store]) for store in StoreName}
        return replace(pair, cscart=sides[StoreName.CSCART], webasyst=sides[StoreName.WEBASYST], agreed=agreed)


def _gained(variants: Sequence[Variant], source: Product) -> dict[str, dict[str, list[str]]]:
    """By SKU: what a new variant shall be, and what it is where it comes from."""
    origin = {item.sku.strip(): item for item in source.variants}
    found = {}
    for item in variants:
        ours, theirs = prints.of_variant(item), prints.of_variant(origin.get(item.sku.strip(), item))
        keys = {group: (prints.key(group, item.id), prints.key(group, origin.get(item.sku.strip(), item).id)) for group in COUNTED}
        found[item.sku.strip()] = {group.value: [ours[mine], theirs[other]] for group, (mine, other) in keys.items()}
    return found


def _answered(noted: dict[str, Any], stores: Collection[StoreName]) -> dict[str, Any]:
    """A write that is known to have been made is noted as one that changed nothing."""
    writes = {
        store: {key: [change[1], *change[1:]] for key, change in changes.items()} if store in stores else changes
        for store, changes in noted["writes"].items()
    }
    return {**noted, "writes": writes}


def name_of(pair: Pair) -> str:
    return f"{pair.cscart.product.id}|{pair.webasyst.product.id}"


def twin(pair: Pair, store: StoreName, key: str) -> str:
    """The print key of `store` for what `key` is in the other one."""
    group, _, variant_id = key.partition(":")
    back = pair.variants if store is StoreName.WEBASYST else {theirs: ours for ours, theirs in pair.variants.items()}
    return f"{group}:{back[variant_id]}" if variant_id else group


def new_name(store: StoreName, product_id: str) -> str:
    return f"{NEW}{store}|{product_id}"


def _expected(product: Product) -> dict[str, dict[str, str]]:
    """Prints of what is about to be made: the product's under an empty name, the variants' by their SKU."""
    found = {"": {name: value for name, value in prints.of(product).items() if ":" not in name}}
    for item in product.variants:
        own = prints.of_variant(item)
        found[f"sku {item.sku.strip()}"] = {group.value: own[prints.key(group, item.id)] for group in (Group.PRICE, Group.STOCK)}
    return found


def _reads(product: Product) -> str:
    """A print of the texts as a reader sees them."""
    return prints.of_value([texts.seen(text) for text in prints.content_value(product.content)])


def _note(item: Intention, merging: bool) -> dict[str, Any]:
    """`merging`: both stores' movements of stock count. Per write: the print before, the print after, and the print of the other side that it stands on."""
    pair = item.pair
    now = {store: prints.of(pair.side(store).product) for store in StoreName}
    then = {store: prints.of(item.desired[store]) for store in StoreName}
    writes: dict[str, dict[str, list[str]]] = {}
    agreed: dict[str, int] = {}
    for decision in item.decisions:
        store, key = decision.target, decision.key
        other = twin(pair, store.other, key)
        writes.setdefault(store, {})[key] = [now[store].get(key, ""), then[store][key], other, now[store.other].get(other, "")]
        if merging and decision.group is Group.STOCK and decision.new["stock"] is not None:
            agreed[(key if store is StoreName.CSCART else other).partition(":")[2]] = decision.new["stock"]
    added = {store: _gained(variants, pair.side(store.other).product) for store, variants in item.added.items()}
    return {"writes": writes, "agreed": agreed, "media": item.media or "", "added": added}


def _believe_gained(
    pair: Pair, store: StoreName, added: Mapping[str, Mapping[str, list[str]]], kept: Mapping[StoreName, dict[str, str]]
) -> None:
    """Variants that a store gained before they could be linked hold the values of where they came from, as these were then."""
    for ours, theirs in pair.variants.items():
        ids = {StoreName.CSCART: ours, StoreName.WEBASYST: theirs}
        variant = pair.side(store).product.variant(ids[store])
        for group, (expected, seen) in added.get(variant.sku.strip(), {}).items() if variant else ():
            keys = {name: prints.key(Group(group), ids[name]) for name in StoreName}
            if not any(keys[name] in kept[name] for name in StoreName):
                kept[store][keys[store]], kept[store.other][keys[store.other]] = expected, seen


def _settle(
    pair: Pair,
    ours: str,
    writes: Mapping[str, Mapping[str, list[str]]],
    count: int,
    now: Mapping[StoreName, Mapping[str, str]],
    kept: Mapping[StoreName, dict[str, str]],
) -> bool:
    """Counts that both sides were to have: each side's movement is since its write, or, where it was not made, since before it."""
    keys = {StoreName.CSCART: prints.key(Group.STOCK, ours), StoreName.WEBASYST: prints.key(Group.STOCK, pair.variants.get(ours, ""))}
    if any(now[store].get(key, prints.UNLIMITED) == prints.UNLIMITED for store, key in keys.items()):
        return False
    for store, key in keys.items():
        old, new, *_ = writes.get(store, {}).get(key, [str(count), str(count)])
        if prints.UNLIMITED in (old, new):
            return False
        kept[store][key] = min((new, old), key=lambda text: abs(int(text) - int(now[store][key])))
    return True
