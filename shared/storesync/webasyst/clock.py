"""The shop's own clock: naive local times of the server's PHP zone, which may be changed under our feet (W28)."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from .decode import Json, local, moment, shifted, text, zone


@dataclass(frozen=True, slots=True)
class ShopClock:
    """What `shop.settings.get` said of the time. `now` is exact even in the hour that a zone repeats, as the shift is known then."""

    now: datetime
    zone: tzinfo
    name: str

    def moment(self, value: object) -> datetime | None:
        return moment(value, self.zone)

    def local(self, value: datetime) -> str:
        return local(value, self.zone)

    def floor(self, value: datetime) -> datetime:
        """The earliest instant that a filter of `local(value)` may rightly return."""
        return moment(self.local(value), self.zone) or value


def clock(settings: Json) -> ShopClock:
    name, shift = text(settings.get("server_timezone")), settings.get("server_timezone_shift")
    here = zone(name, shift)
    seen = moment(settings.get("server_time"), UTC)
    if seen is None:
        return ShopClock(datetime.now(UTC), here, name)
    if text(shift):
        return ShopClock(seen - shifted(shift), here, name)
    return ShopClock(moment(settings.get("server_time"), here) or seen, here, name)
