"""What is about to be written, noted before it is: after a crash or a lost answer our own value is told from somebody's edit.

One note per connection, as one worker at a time works on its products; it is gone when all that it speaks of is linked.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ..domain import prints, texts
from ..domain.connection import Policy
from ..domain.model import Group, Product, StoreName, Variant
from ..domain.planning import Pair, policy_of
from .intentions import Belief, Ended, First, Intention, belief, ended, intended
from .ports import Lease, World
from .skews import ahead, seen_ahead

NAME, NEW = "pending", "new|"
SHARED = "categories"


@dataclass(frozen=True, slots=True)
class Making:
    """A group of CS-Cart whose making was cut off. `skus`: of its variations that may stand alone, its main one's first, where that is not
    known by its id (`main`).
    """

    skus: tuple[str, ...]
    noted: Mapping[str, Any]
    main: str = ""

    def is_edited(self, part: Product) -> bool:
        """Whether somebody gave it other texts or categories than it was made with."""
        return _reads(part) != self.noted["reads"] or _categories(part) not in self.noted[SHARED]


@dataclass(slots=True)
class Pending:
    """By both product ids: what is written to each of the two, and the counts that they shall have."""

    world: World
    lease: Lease
    noted: dict[str, dict[str, Any]] = field(default_factory=dict)
    beliefs: dict[str, Belief] = field(default_factory=dict)
    _skews: dict[StoreName, timedelta] = field(default_factory=dict)
    _version: int = 0

    def load(self) -> None:
        found, self._version = self.world.streams.read_cursor(NAME)
        self.noted = json.loads(found) if found else {}

    def ids(self, store: StoreName) -> set[str]:
        """Products of this store whose last pass was cut off, but for those that are set aside."""
        pairs = {_side(name, store) for name in self.names if not self.noted[name].get("waits")}
        return pairs | {item for item in self.begun(store) if not self.noted[new_name(store, item)].get("waits")}

    # -- creations

    def note_new(self, store: StoreName, creations: Iterable[tuple[Product, Product]]) -> None:
        """`creations`: a product of `store`, and as it is about to be created in the other."""
        at = self.world.clock.now().isoformat()
        noted = {
            new_name(store, source.id): {"at": at, "seen": prints.of(source), "made": _expected(made), **_shared(made)}
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

    def wait_new(self, store: StoreName, product_ids: Iterable[str]) -> None:
        """Their making was refused for good, and a part of them stands in the other store: they are looked at when somebody wants it, and
        until then no part is taken for a product of its own."""
        waiting = {name: {**self.noted[name], "waits": True} for item in product_ids if (name := new_name(store, item)) in self.noted}
        if waiting:
            self._save(self.noted | waiting)

    def skus_of_new(self, store: StoreName, product_id: str) -> list[str]:
        """Of the variants that were to be made."""
        noted = self.noted.get(new_name(store, product_id), {"made": ()})
        return [name.removeprefix("sku ") for name in noted["made"] if name]

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

    def making(self, store: StoreName, product_ids: Collection[str]) -> list[Making]:
        """Groups of CS-Cart that were being made of these products of `store`, or were growing."""
        created = {name: _sku_names(self.noted[name]) for item in product_ids if (name := new_name(store, item)) in self.noted}
        found = [Making(skus, self.noted[name]) for name, skus in created.items() if store is StoreName.WEBASYST and len(skus) > 1]
        begun = self.leftovers(StoreName.CSCART)
        for name in sorted(self.names):
            skus = tuple(self.noted[name]["added"].get(StoreName.CSCART, ()))
            if skus and _side(name, store) in product_ids and not begun.keys() & set(skus):
                found.append(Making(skus, self.noted[name], _side(name, StoreName.CSCART)))
        return [item for item in found if SHARED in item.noted]

    def adding(self, store: StoreName) -> dict[str, str]:
        """SKUs of variants that were being added to products of this store -> that product, empty where it was being created with them."""
        made = [noted for name, noted in self.noted.items() if name.startswith(new_name(store.other, ""))]
        found = {sku: "" for noted in made for sku in _sku_names(noted)[1:]}
        return found | {sku: _side(name, store) for name in self.names for sku in self.noted[name]["added"].get(store, ())}

    def first(self, store: StoreName, origin: Variant) -> First:
        """Of a variant of the other store that was being added to a product of this one; empty when it was not."""
        sku = origin.sku.strip()
        added = (noted.get("added", {}).get(store, {}).get(sku) for noted in self.noted.values())
        made = (_first(noted, origin) for name, noted in self.noted.items() if name.startswith(new_name(store.other, "")))
        return next((found for found in (*added, *made) if found), {})

    def leftovers(self, store: StoreName) -> dict[str, str]:
        """SKU -> product of the other store whose counterpart was being created in this one."""
        found = {
            name.removeprefix(new_name(store.other, "")): noted
            for name, noted in self.noted.items()
            if name.startswith(new_name(store.other, ""))
        }
        return {sku: source for source, noted in found.items() for sku in _sku_names(noted)}

    def begun(self, store: StoreName) -> set[str]:
        """Products of this store that were being created in the other."""
        return {name.removeprefix(new_name(store, "")) for name in self.noted if name.startswith(new_name(store, ""))}

    # -- writes

    @property
    def names(self) -> set[str]:
        return {name for name in self.noted if not name.startswith(NEW)}

    def note(self, intentions: Sequence[Intention]) -> None:
        """Takes the place of what was noted of these pairs before; what that note made us believe of them stays until they are linked."""
        merging = policy_of(self.world.connection, Group.STOCK) is Policy.TWO_WAY
        at = self.world.clock.now().isoformat()
        found = {name_of(item.pair): (item, self.beliefs.get(name_of(item.pair))) for item in intentions}
        noted = {
            name: intended(item, merging, at, belief or Belief()) | self._growing(item)
            for name, (item, belief) in found.items()
            if item.decisions or item.media or item.added or belief
        }
        if any(item["traces"] for item in noted.values()):
            seen = seen_ahead(self.world.streams)
            noted = {name: item | {"ahead": seen} for name, item in noted.items()}
        left = {name: before for name, before in self.noted.items() if name not in found}
        if noted or len(left) < len(self.noted):
            self._save(left | noted)

    def tells_all(self, pair: Pair) -> bool:
        """Whether what is remembered of this pair may be written in two steps: cut off between them, the note makes up for the second.

        It does not where it stands on an earlier note, or has no writes to tell of.
        """
        noted = self.noted.get(name_of(pair), {})
        return any(noted.get("writes", {}).values()) and not any(noted.get("kept", {}).values())

    def _growing(self, item: Intention) -> dict[str, Any]:
        """How the first try has left what a group of CS-Cart gains."""
        if not item.added.get(StoreName.CSCART):
            return {}
        first = self.noted.get(name_of(item.pair), {})
        fresh = _shared(item.desired[StoreName.CSCART], item.pair.cscart.product)
        return {name: first[name] for name in fresh} if SHARED in first else fresh

    def clear(self, names: Collection[str], failed: Mapping[str, Ended]) -> None:
        """These pairs are linked, but for those that failed; of each of them what its writes came to is known from now on."""
        left = {name: found for name, found in self.noted.items() if name not in names}
        left |= {name: ended(self.noted[name], end, self.skew) for name, end in failed.items() if name in self.noted}
        if left != self.noted:
            self._save(left)

    def passed(self, store: StoreName, wanted: Collection[str], met: Collection[str], refused: Collection[str]) -> None:
        """Products that were looked at: what is no pair any more is forgotten, but a pair that is set aside keeps its note until it is well."""
        unmet = {name for name in self.names if _side(name, store) in wanted and name not in met}
        waiting = {name: {**self.noted[name], "waits": True} for name in unmet if _side(name, store) in refused}
        left = {name: found for name, found in self.noted.items() if name not in unmet} | waiting
        if left != self.noted:
            self._save(left)

    def witness(self, store: StoreName, products: Iterable[Product]) -> None:
        """Before somebody else of us writes to these: what they tell now of writes that were cut off."""
        seen = {item.id: item for item in products}
        found = {
            name: ended(noted, Ended((), {store: seen[_side(name, store)]}), self.skew)
            for name, noted in self.noted.items()
            if not name.startswith(NEW) and _side(name, store) in seen
        }
        if any(found[name] != self.noted[name] for name in found):
            self._save(self.noted | found)

    def _save(self, noted: dict[str, dict[str, Any]]) -> None:
        """Only over what was loaded: whoever has lost the lease and comes late writes nothing that the next one has not seen."""
        self.lease.check()
        text = json.dumps(noted, separators=(",", ":")) if noted else ""
        self._version = self.world.streams.replace_cursor(NAME, text, self._version)
        self.noted = noted

    def skew(self, store: StoreName) -> timedelta | None:
        """How far the store's clock is ahead of ours; None: it does not say now. Asked only after something went wrong."""
        if store not in self._skews:
            found = ahead(self.world, store)
            if found is None:
                return None
            self._skews[store] = found
        return self._skews[store]

    def believed(self, pair: Pair) -> Pair:
        """The pair with the prints that it would have, had the pass that was cut off been able to link what it wrote."""
        noted = self.noted.get(name_of(pair))
        if not noted:
            return pair
        found = belief(noted, pair, self.skew)
        self.beliefs[name_of(pair)] = found.since(pair)
        sides = {store: replace(pair.side(store), prints=found.kept[store]) for store in StoreName}
        return replace(pair, cscart=sides[StoreName.CSCART], webasyst=sides[StoreName.WEBASYST], agreed=found.agreed, doubts=found.doubts)


def name_of(pair: Pair) -> str:
    return f"{pair.cscart.product.id}|{pair.webasyst.product.id}"


def _side(name: str, store: StoreName) -> str:
    return name.split("|")[store is StoreName.WEBASYST]


def new_name(store: StoreName, product_id: str) -> str:
    return f"{NEW}{store}|{product_id}"


def _sku_names(noted: Mapping[str, Any]) -> tuple[str, ...]:
    """Of what is being made, its main variant's first."""
    return tuple(name.removeprefix("sku ") for name in noted["made"] if name)


def _expected(product: Product) -> dict[str, dict[str, str]]:
    """Prints of what is about to be made: the product's under an empty name, the variants' by their SKU."""
    found = {"": {name: value for name, value in prints.of(product).items() if ":" not in name}}
    for item in product.variants:
        own = prints.of_variant(item)
        found[f"sku {item.sku.strip()}"] = {group.value: own[prints.key(group, item.id)] for group in (Group.PRICE, Group.STOCK)}
    return found


def _first(noted: Mapping[str, Any], origin: Variant) -> First:
    """Of a product that was being created."""
    made = noted["made"].get(f"sku {origin.sku.strip()}", {})
    found = {group: [sent, noted["seen"].get(prints.key(Group(group), origin.id), "")] for group, sent in made.items()}
    return found if all(seen for _, seen in found.values()) else {}


def _shared(made: Product, *others: Product) -> dict[str, Any]:
    """What the variations of a group have in common: texts, and categories, as of one of these."""
    return {"reads": _reads(made), SHARED: [_categories(item) for item in (made, *others)]}


def _categories(product: Product) -> list[str]:
    return [*product.listing.categories[:1], *sorted(product.listing.categories[1:])]


def _reads(product: Product) -> str:
    """A print of the texts as a reader sees them."""
    return prints.of_value([texts.seen(text) for text in prints.content_value(product.content)])
