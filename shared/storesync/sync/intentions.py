"""What the writes of one pair will be, as a note, and what is believed of the pair when its pass was cut off after the note."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..domain import prints
from ..domain.model import Group, Product, StoreName, Variant
from ..domain.planning import Decision, Pair
from . import evidence
from .records import STRICT, written_print

LATE = "-"  # no print is like it: the images of that side are yet to go over
Prints = Mapping[StoreName, dict[str, str]]
First = Mapping[str, Sequence[str]]  # by group: the print that a variant was to have when it was first sent, and the one it had at home


@dataclass(frozen=True, slots=True)
class Gain:
    """A variant that a store gains, as it is sent. `seen`: the prints of price and stock, by key, that it had then where it comes from."""

    variant: Variant
    seen: Mapping[str, str]

    def moved(self, source: Product) -> bool:
        now = prints.of(source)
        return any(now.get(key) != seen for key, seen in self.seen.items())


@dataclass(frozen=True, slots=True)
class Intention:
    """`media`: the store whose images are replaced."""

    pair: Pair
    decisions: Sequence[Decision]
    desired: Mapping[StoreName, Product]
    media: StoreName | None
    added: Mapping[StoreName, Sequence[Gain]]


@dataclass(frozen=True, slots=True)
class Ended:
    """What the writes of a pair came to: stores that answered well, and what was read back of the others right after the call."""

    answered: Collection[StoreName]
    seen: Mapping[StoreName, Product]


@dataclass(frozen=True, slots=True)
class Belief:
    """Prints that both sides agreed on, counts that they were to have (by CS-Cart variant), and pieces in doubt, by SKU."""

    kept: Mapping[StoreName, dict[str, str]] = field(default_factory=dict)
    agreed: Mapping[str, int] = field(default_factory=dict)
    doubts: Mapping[str, int] = field(default_factory=dict)

    def since(self, pair: Pair) -> "Belief":
        """Only what the pair's rows do not say."""
        known = {store: pair.side(store).prints for store in StoreName}
        kept = {store: {key: value for key, value in self.kept[store].items() if known[store].get(key) != value} for store in StoreName}
        return Belief(kept, self.agreed, self.doubts)


# -- noting


def intended(item: Intention, merging: bool, at: str, earlier: Belief) -> dict[str, Any]:
    """`merging`: both stores' movements of stock count. Per write: the prints before and after, and the other side's that it stands on."""
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
    added = {store: {gain.variant.sku.strip(): _first(gain) for gain in gains} for store, gains in item.added.items()}
    noted = {"at": at, "writes": writes, "agreed": agreed, "media": item.media or "", "added": added}
    return noted | {"traces": _traces(pair, writes, now) if agreed else {}, "kept": dict(earlier.kept), "doubts": dict(earlier.doubts)}


def _traces(pair: Pair, writes: Mapping[str, Mapping[str, list[str]]], now: Prints) -> dict[str, dict[str, dict[str, Any]]]:
    """Of the counts that are written."""
    return {
        store: {
            key: evidence.traces(pair.side(StoreName(store)).product, StoreName(store), key, written, now[StoreName(store)])
            for key in written
            if key.startswith(Group.STOCK)
        }
        for store, written in writes.items()
    }


def ended(noted: Mapping[str, Any], end: Ended, skew: evidence.Skew) -> dict[str, Any]:
    """With what is known of each write now; what is not, is judged when the pair is met again."""
    writes = {
        store: _answered(changes, end.seen.get(StoreName(store))) if store in end.answered else changes
        for store, changes in noted["writes"].items()
    }
    traces = {
        store: {key: trace | _made(noted, StoreName(store), key, end, skew) for key, trace in found.items()}
        for store, found in noted.get("traces", {}).items()
    }
    return {**noted, "writes": writes, "traces": traces}


def _answered(changes: Mapping[str, Sequence[str]], seen: Product | None) -> dict[str, list[str]]:
    """Writes that were made are noted as ones that changed nothing, to what the store made of them."""
    now = prints.of(seen) if seen else {}
    known = {key: written_print(key, {key: change[1]}, now) or change[1] for key, change in changes.items()}
    return {key: [known[key], known[key], *change[2:]] for key, change in changes.items()}


def _made(noted: Mapping[str, Any], store: StoreName, key: str, end: Ended, skew: evidence.Skew) -> dict[str, bool]:
    if store in end.answered or store not in end.seen:
        return {}
    found = evidence.judged(noted, store, key, end.seen[store], skew)
    return {"made": found.made} if found.sure else {}


def _first(gain: Gain) -> dict[str, list[str]]:
    sent = prints.of_variant(gain.variant)
    return {(group := key.partition(":")[0]): [sent[group], seen] for key, seen in gain.seen.items()}


def gained(origin: Variant, wanted: Variant, first: First) -> Gain:
    """`wanted`: the `origin` in the words of the store that gains it. What an earlier try sent is sent again, as that may be there
    already, and sold: what has moved since then moves on from there.
    """
    now = prints.of_variant(origin)
    keys = {group.value: prints.key(group, origin.id) for group in STRICT}
    sent = prints.variant_with(wanted, *(first[group][0] for group in keys)) if first else wanted
    return Gain(replace(sent, id=""), {key: first[group][1] if first else now[key] for group, key in keys.items()})


# -- believing


def belief(noted: Mapping[str, Any], pair: Pair, skew: evidence.Skew) -> Belief:
    now = {store: prints.of(pair.side(store).product) for store in StoreName}
    kept = {store: {**pair.side(store).prints, **noted.get("kept", {}).get(store, {})} for store in StoreName}
    for store in StoreName:
        for key, (old, new, other, seen) in noted["writes"].get(store, {}).items():
            if new in (old, now[store].get(key)):
                kept[store][key], kept[store.other][other] = new, seen
    if noted["media"]:
        target = StoreName(noted["media"])
        kept[target][Group.MEDIA.value], kept[target.other][Group.MEDIA.value] = now[target][Group.MEDIA.value], LATE
    for store in StoreName:
        _believe_gained(pair, store, noted["added"].get(store, {}), kept)
    agreed, doubts = {}, dict(noted.get("doubts", {}))
    for ours, count in noted["agreed"].items():
        pieces = _settle(noted, pair, ours, now, kept, skew)
        if pieces is not None:
            agreed[ours] = count
        if pieces:
            variant = pair.cscart.product.variant(ours)
            doubts[variant.sku.strip() if variant else ours] = pieces
    return Belief(kept, agreed, doubts)


def _believe_gained(pair: Pair, store: StoreName, added: Mapping[str, First], kept: Mapping[StoreName, dict[str, str]]) -> None:
    """Variants that a store gained before they could be linked hold the values of where they came from, as these were then."""
    for ours, theirs in pair.variants.items():
        ids = {StoreName.CSCART: ours, StoreName.WEBASYST: theirs}
        variant = pair.side(store).product.variant(ids[store])
        for group, (expected, seen) in added.get(variant.sku.strip(), {}).items() if variant else ():
            keys = {name: prints.key(Group(group), ids[name]) for name in StoreName}
            if keys[store] not in kept[store]:
                kept[store][keys[store]], kept[store.other][keys[store.other]] = expected, seen


def _settle(noted: Mapping[str, Any], pair: Pair, ours: str, now: Prints, kept: Prints, skew: evidence.Skew) -> int | None:
    """Counts that both sides were to have: each side's movement is since its write, or, where it was not made, since before it.

    Returns the pieces that are in doubt, None where one of the counts is unlimited, which is no number.
    """
    keys = {StoreName.CSCART: prints.key(Group.STOCK, ours), StoreName.WEBASYST: prints.key(Group.STOCK, pair.variants.get(ours, ""))}
    if any(now[store].get(key, prints.UNLIMITED) == prints.UNLIMITED for store, key in keys.items()):
        return None
    writes = {store: noted["writes"].get(store, {}).get(key) for store, key in keys.items()}
    if any(write and prints.UNLIMITED in write[:2] for write in writes.values()):
        return None
    doubt = 0
    for store, key in keys.items():
        write = writes[store]
        if write is None:
            kept[store][key] = str(noted["agreed"][ours])
            continue
        found = evidence.judged(noted, store, key, pair.side(store).product, skew)
        kept[store][key] = write[1] if found.made else write[0]
        doubt += 0 if found.sure else abs(int(write[1]) - int(write[0]))
    return doubt


def twin(pair: Pair, store: StoreName, key: str) -> str:
    """The print key of `store` for what `key` is in the other one."""
    group, _, variant_id = key.partition(":")
    back = pair.variants if store is StoreName.WEBASYST else {theirs: ours for ours, theirs in pair.variants.items()}
    return f"{group}:{back[variant_id]}" if variant_id else group
