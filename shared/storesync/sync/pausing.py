"""What makes a whole connection wait, until its owner or its store has put it right."""

from dataclasses import replace

from ..domain.exchange import Unreadable
from ..domain.links import Parked
from ..domain.model import StoreName
from ..errors import ApiDisabled, CircuitOpen, ConfigurationError, Forbidden, PaymentRequired, SyncError, Unauthorised
from .ports import World

PAUSING = (Unauthorised, PaymentRequired, ApiDisabled, Forbidden)
HELD = (*PAUSING, ConfigurationError, CircuitOpen, Unreadable)  # an order waits for its connection, too
RESUMED = ":resumed"  # ends the observation of an order that is taken up again


def note_pause(world: World, error: SyncError) -> None:
    """Shown to the owner with what to do about it."""
    store = StoreName(getattr(error, "store", "") or StoreName.WEBASYST)
    parked = Parked("connection", store, "connection", type(error).__name__, str(error), error.advice, world.connection.id)
    world.links.park(replace(parked, at=world.clock.now()))
