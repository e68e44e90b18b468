"""The step of a pass that brings images: whatever comes of it holds up nothing else of the product."""

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


def stops(error: SyncError) -> bool:
    """Whether it concerns a whole store, so that the pass ends here."""
    return isinstance(error, PAUSING) or (error.retriable and not isinstance(error, ALONE))


class ImageStep:
    def __init__(self, world: World, lease: Lease, notes: Notebook, linker: Linker, budget: Budget) -> None:
        self.world, self.lease, self.notes, self.linker, self.budget = world, lease, notes, linker, budget
        self._done = 0

    @property
    def late(self) -> bool:
        """Whether images are for the next message; the first ones of a message never are."""
        return self.budget.spent and self._done > 0

    def run(self, update: Update, kept: dict[StoreName, Product]) -> SyncError | None:
        """Returns what broke it off; raises what stops a store. `kept` is brought up to date either way."""
        target = update.media
        if target is None:
            self.linker.agree_images(update)
            return None
        self._done += 1
        self.lease.extend(LEASE_SECONDS)
        self.lease.check()
        media = MediaSync(self.world, target.other, self.lease)
        try:
            kept[target] = media.transfer(update.pair.side(target.other).product, kept[target])
        except SyncError as error:
            if stops(error):
                raise
            kept[target] = next(iter(self.world.store(target).products([kept[target].id])), kept[target])
            self.linker.put_off_images(update)
            return error
        finally:
            self.notes.counts["images"] += media.sent
        self.linker.images(update, target, kept, media.failed)
        return None
