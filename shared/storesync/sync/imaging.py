"""The step of a pass that brings images: whatever comes of it holds up nothing else of the product."""

from collections.abc import Iterable
from functools import partial

from ..domain.model import Product, StoreName
from ..errors import OutcomeUnknown, ServerFault, SyncError
from .budget import Budget
from .leases import LEASE_SECONDS
from .linking import Linker
from .media import MediaSync
from .notes import Notebook
from .pausing import PAUSING
from .ports import Lease, World
from .proposals import Update

ALONE = (OutcomeUnknown, ServerFault)  # may concern one record: it is tried again by itself
SIDE_BY_SIDE = 4  # products whose images are sent at once: the calls of each are in turn, and all of them keep to the store's pace


def stops(error: SyncError) -> bool:
    """Whether it concerns a whole store, so that the pass ends here."""
    return isinstance(error, PAUSING) or (error.retriable and not isinstance(error, ALONE))


Kept = dict[StoreName, Product]
Sent = tuple[MediaSync, Product | SyncError]


class ImageStep:
    def __init__(self, world: World, lease: Lease, notes: Notebook, linker: Linker, budget: Budget) -> None:
        self.world, self.lease, self.notes, self.linker, self.budget = world, lease, notes, linker, budget
        self._done = 0
        self._next: list[tuple[Update, Kept]] = []
        self._sent: dict[int, Sent] = {}

    def expect(self, works: Iterable[tuple[Update, Kept]]) -> None:
        """What will be run, in this order: images of the next few products are sent while those of one are waited for."""
        self._next = [(update, kept) for update, kept in works if update.media is not None]

    def is_late(self, update: Update) -> bool:
        """Whether its images are for the next message; the first ones of a message never are."""
        return update.media is not None and id(update) not in self._sent and self.budget.spent and self._done > 0

    def run(self, update: Update, kept: Kept) -> SyncError | None:
        """Returns what broke it off; raises what stops a store. `kept` is brought up to date either way."""
        target = update.media
        if target is None:
            self.linker.agree_images(update)
            return None
        if id(update) not in self._sent:
            self._send(update, kept)
        media, found = self._sent.pop(id(update))
        self.notes.counts["images"] += media.sent
        if isinstance(found, SyncError):
            if stops(found):
                raise found
            kept[target] = next(iter(self.world.store(target).products([kept[target].id])), kept[target])
            self.linker.put_off_images(update)
            return found
        kept[target] = found
        self.linker.images(update, target, kept, media.failed)
        return None

    def _send(self, update: Update, kept: Kept) -> None:
        """Of this product and of those that are expected behind it."""
        at = next((at for at, (item, _) in enumerate(self._next) if item is update), None)
        works = [(update, kept)] if at is None else self._next[at : at + SIDE_BY_SIDE]
        self._next = [] if at is None else self._next[at + SIDE_BY_SIDE :]
        self._done += len(works)
        self.lease.extend(LEASE_SECONDS)
        sent = self.world.together(*(partial(self._transfer, item, product) for item, product in works))
        self._sent |= {id(item): found for (item, _), found in zip(works, sent, strict=True)}

    def _transfer(self, update: Update, kept: Kept) -> Sent:
        target = update.media
        assert target is not None
        media = MediaSync(self.world, target.other, self.lease)
        try:
            return media, media.transfer(update.pair.side(target.other).product, kept[target])
        except SyncError as error:
            return media, error
