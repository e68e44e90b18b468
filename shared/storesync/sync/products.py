"""Products: what was proposed is written, verified, linked and journalled; in batches, and one bad record never holds up the others."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ..domain.changes import Cause, Change, Kind
from ..domain.exchange import Outcome, ProductWrite
from ..domain.model import Product, StoreName
from ..errors import MissingLink, NotKept, StoreError, SyncError
from . import reindex
from .budget import Budget
from .creation import Creations
from .imaging import ImageStep, stops
from .intentions import Ended, Intention
from .leases import LEASE_SECONDS
from .linking import Linker
from .notes import Notebook
from .pending import Pending, name_of
from .ports import Lease, World
from .proposals import Proposals, Proposer, Update
from .removal import Removals
from .strays import Strays

MOST_TRIES = 3
MOST_WRITES, MOST_VARIANTS = 1_000, 50  # noted in one item of the table, and made while a lease lasts
T = TypeVar("T")
Chosen = Callable[[Proposals], Proposals]


@dataclass(slots=True)
class _Work:
    """One pair on its way through the pass; `kept` is what each store holds after the writes."""

    update: Update
    kept: dict[StoreName, Product]
    error: SyncError | None = None
    answered: set[StoreName] = field(default_factory=set)
    seen: dict[StoreName, Product] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return name_of(self.update.pair)

    @property
    def end(self) -> Ended:
        return Ended(self.answered, self.seen)


class ProductSync:
    def __init__(self, world: World, lease: Lease, cause: Cause, run: str = "", budget: Budget | None = None, tries: int = 0) -> None:
        self.world, self.lease, self.cause, self.run, self.tries = world, lease, cause, run, tries
        self.budget = budget or Budget.of(world.clock)
        self.notes = Notebook(world, lease, cause, run)
        self.counts: Counter[str] = self.notes.counts
        self.linker = Linker(world, lease, self.notes)
        self.images = ImageStep(world, lease, self.notes, self.linker, self.budget)
        self.again: dict[str, SyncError] = {}
        self.begun = False

    def apply(
        self,
        store: StoreName,
        ids: Collection[str],
        chosen: Chosen | None = None,
        within: Chosen | None = None,
        without: Collection[str] = (),
    ) -> Counter[str]:
        """Bring these products and their counterparts together. `chosen` may leave out some of what is proposed, `within` what the run
        may do no more; those of `without` are not looked at, though their last pass was cut off.

        Raises what stops a whole pass: a lost lease, a store that is down.
        """
        pending = Pending(self.world, self.lease)
        pending.load()
        wanted = [item for item in dict.fromkeys([*ids, *pending.ids(store)]) if item not in without]
        Strays(self.world, self.lease, self.notes, pending).carry(store, wanted)
        proposals = Proposer(self.world, pending, forced=self.cause is Cause.CONSOLE).propose(store, wanted)
        if chosen is None:
            met, refused = ({name_of(item.pair) for item in proposals.updates}, {item.product.id for item in proposals.refusals})
            pending.passed(store, [item for item in wanted if item not in proposals.left], met, refused)
        else:
            proposals = chosen(proposals)
        proposals = within(proposals) if within else proposals
        self._apply(store, proposals, pending)
        self._again(store)
        return self.counts

    def _apply(self, store: StoreName, proposals: Proposals, pending: Pending) -> None:
        moving = {item.product.id: item.error for item in proposals.refusals if isinstance(item.error, MissingLink) and item.match is None}
        again = {product_id for product_id, error in moving.items() if self._retry(product_id, error)}
        self.notes.refuse([item for item in proposals.refusals if item.product.id not in again])
        if proposals.others:
            self.world.queue.send([self._change(store.other, proposals.others)])
        Removals(self.world, self.lease, self.notes).apply(store, proposals.gone)
        self.linker.release(proposals.gone)
        for updates in portions(proposals.updates, lambda item: len(item.plan.decisions), MOST_WRITES):
            if not self._late([item.match.source.id for item in updates]):
                self._update(updates, pending)
        creations = Creations(self.world, self.lease, self.notes, self.linker, pending, self.images)
        for made in portions(proposals.creations, lambda item: len(item.desired.variants), MOST_VARIANTS):
            late = self._late([item.match.source.id for item in made])
            for product_id, error in creations.apply(store, () if late else made):
                if not self._retry(product_id, error):
                    self.notes.park_id(store, product_id, error)
                    creations.give_up(store, [product_id])
        self.linker.flush()

    # -- products that exist on both sides

    def _update(self, updates: Sequence[Update], pending: Pending) -> None:
        self.linker.index_unlinked(updates)
        work = [_Work(item, {name: item.pair.side(name).product for name in StoreName}) for item in updates]
        pending.note([Intention(item.pair, item.plan.decisions, item.plan.desired, item.media, item.added) for item in updates])
        self.linker.noted(item.pair for item in updates if pending.tells_all(item.pair))
        names = {item.name for item in work}
        try:
            failed = self._done(work)
        except StoreError:
            pending.clear(names, {item.name: item.end for item in work})
            raise
        renamed = [item.kept[StoreName.WEBASYST].id for item in work if item.error is None and reindex.wants(item.update.plan.decisions)]
        self.world.queue.send(reindex.ask(self.world, renamed, self.run))
        self.lease.check()
        pending.clear(names, {item.name: item.end for item in failed})
        for store in StoreName:
            ended = [item for item in work if item.update.store is store and item not in failed]
            pending.clear_new(store, [item.update.match.source.id for item in ended if item.error is None])
            pending.wait_new(store, [item.update.match.source.id for item in ended if item.error is not None])

    def _done(self, work: Sequence[_Work]) -> list[_Work]:
        """Written, and linked but for those that are returned."""
        for target in StoreName:
            self._write(target, work)
        self.images.expect((item.update, item.kept) for item in work if item.error is None)
        failed = [item for item in work if not self._settle(item)]
        self.linker.flush()
        return failed

    def _write(self, target: StoreName, work: Sequence[_Work]) -> None:
        due = [item for item in work if item.update.plan.changes(target) or target in item.update.added]
        if not due:
            return
        self.lease.check()
        self.lease.extend(LEASE_SECONDS)
        writes = [
            ProductWrite(item.update.pair.side(target).product, item.update.plan.desired[target], item.update.plan.changes(target))
            for item in due
        ]
        for item, outcome in zip(due, self.world.store(target).write(writes), strict=True):
            self._take(item, target, outcome)

    def _take(self, item: _Work, target: StoreName, outcome: Outcome) -> None:
        if outcome.product is not None:
            item.kept[target] = item.seen[target] = outcome.product
        if outcome.error is None:
            item.answered.add(target)
            self.counts[f"written_{target}"] += 1
        elif item.error is None:
            item.error = outcome.error

    def _settle(self, item: _Work) -> bool:
        """False: it is not linked, and is tried again."""
        if item.error is not None:
            return self._set_aside(item, item.error)
        if item.update.behind:
            self._retry(item.update.match.source.id, None)
        self._images(item)
        self.linker.settle(item.update, item.kept)
        return True

    def _set_aside(self, item: _Work, error: SyncError) -> bool:
        if stops(error):
            raise error
        if error.retriable and self._retry(item.update.match.source.id, error):
            return False
        self.linker.set_aside(item.update, item.kept, error)
        return True

    def _images(self, item: _Work) -> None:
        if self.images.is_late(item.update):
            self._retry(item.update.match.source.id, None)
            self.linker.put_off_images(item.update)
            return
        error = self.images.run(item.update, item.kept)
        if error is not None and not (error.retriable and self._retry(item.update.match.source.id, error)):
            self.linker.give_up_images(item.update, error)

    # -- what is tried again by itself

    def _retry(self, product_id: str, error: SyncError | None) -> bool:
        if error is not None and self.tries >= MOST_TRIES:
            return False
        self.again[product_id] = error or NotKept("no time was left")
        return True

    def _late(self, product_ids: Sequence[str]) -> bool:
        """Whether no time is left for these: then they are for the next message. The first of a message are never late."""
        late = self.budget.spent and self.begun
        if late:
            self.again.update(dict.fromkeys(product_ids, NotKept("no time was left")))
        self.begun = True
        return late

    def _again(self, store: StoreName) -> None:
        if not self.again:
            return
        alone = any(not isinstance(error, NotKept) for error in self.again.values())
        self.world.queue.send([self._change(store, tuple(self.again), self.tries + alone)])
        self.counts["again"] += len(self.again)

    def _change(self, store: StoreName, ids: tuple[str, ...], tries: int = 0) -> Change:
        stamp = self.world.clock.now().isoformat()
        return Change(self.world.connection.id, Kind.PRODUCT, store, ids, self.cause, stamp, self.run, tries)


def portions(items: Sequence[T], weight: Callable[[T], int], most: int) -> Iterator[Sequence[T]]:
    """In order, each no heavier than `most` unless it is a single item."""
    portion: list[T] = []
    total = 0
    for item in items:
        if portion and total + weight(item) > most:
            yield portion
            portion, total = [], 0
        portion.append(item)
        total += weight(item)
    if portion:
        yield portion
