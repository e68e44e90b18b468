"""Whether a write of a count that was cut off, or whose answer was lost, was made: what the row of the store tells, and what it cannot tell.

Neither store keeps a log of its counts that can be asked for. A write moves the row's edit stamp, in CS-Cart each variation's own (chapter
5), in Webasyst the product's (M1); an order moves none (C12, W27). So a stamp that stayed proves that nothing was written. One that moved
proves it where nobody else has edited the row: in CS-Cart a recount moves it as well.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..domain import prints
from ..domain.model import Group, Product, StoreName

Skew = Callable[[StoreName], timedelta | None]
SECOND = timedelta(seconds=8)  # stamps are whole seconds, and clocks are known to a few
STEADY = 20.0  # seconds that a clock may have drifted
UNDER_WAY = timedelta(seconds=90)  # a write that is noted is made, or never


@dataclass(frozen=True, slots=True)
class Verdict:
    """`sure` False: both are possible, and the one was chosen that leaves fewer pieces for sale.

    A count that is the old or the new one to the piece is taken for it, although in a row that somebody has edited a sale or a return of
    the write's own size looks alike. Where that may leave too few pieces, it is not sure, so that they are told.
    """

    made: bool
    sure: bool = True


def traces(product: Product, store: StoreName, key: str, written: Mapping[str, Any], now: Mapping[str, str]) -> dict[str, str]:
    """To be noted before the write, to be compared after it; `now` are the product's prints. `made` is added when it is known."""
    return {"stamp": _stamp(product, store, key), "rest": _rest(product, store, key, written, now)}


def judged(noted: Mapping[str, Any], store: StoreName, key: str, product: Product, skew: Skew) -> Verdict:
    """`noted`: the note of the pair; `key`: of a count that is written in `store`; `product`: as it is there now."""
    written, now = noted["writes"][store], prints.of(product)
    old, new, *_ = written[key]
    count, trace = now.get(key), noted.get("traces", {}).get(store, {}).get(key)
    if old == new or (trace and "made" in trace):
        return Verdict(old == new or trace["made"])
    mates = [name for name in written if name in _row(product, store, key, now) and not name.startswith(Group.STOCK)]
    if any(now.get(name) == written[name][1] != written[name][0] for name in mates):
        return Verdict(True)  # one call writes them together
    if trace is None:  # noted by an earlier version
        return Verdict(abs(int(count or 0) - int(new)) <= abs(int(count or 0) - int(old)))
    stamp, noted_at = _stamp(product, store, key), datetime.fromisoformat(noted["at"])
    if stamp == trace["stamp"]:
        ahead = _ahead(noted, store, skew) if stamp else timedelta()
        if not stamp or (ahead is not None and datetime.fromisoformat(stamp) - ahead < noted_at - SECOND):
            return Verdict(False)
    edited = stamp != trace["stamp"] and _rest(product, store, key, written, now) != trace["rest"]
    foreign = edited or stamp == trace["stamp"]
    if store is StoreName.WEBASYST and not foreign and _meanwhile(stamp, noted_at, _ahead(noted, store, skew)):
        return Verdict(True)
    fewer = int(new) > int(old)
    if count == new or (count == old and foreign):
        made = count == new
        return Verdict(made, sure=not edited or made is not fewer)
    return Verdict(fewer, sure=False)


def _ahead(noted: Mapping[str, Any], store: StoreName, skew: Skew) -> timedelta | None:
    """None: the shop's clock was put forward or back since, or it does not say, so that stamps tell no time."""
    then, now = noted.get("ahead", {}).get(store), skew(store)
    return None if now is None or (then is not None and abs(now.total_seconds() - then) > STEADY) else now


def _meanwhile(stamp: str, noted_at: datetime, ahead: timedelta | None) -> bool:
    return ahead is not None and -SECOND <= datetime.fromisoformat(stamp) - ahead - noted_at <= UNDER_WAY


def _stamp(product: Product, store: StoreName, key: str) -> str:
    """Empty: never edited, or not known."""
    variant = product.variant(key.partition(":")[2])
    at = product.edited_at if store is StoreName.WEBASYST else variant.edited_at if variant else None
    return at.isoformat() if at else ""


def _row(product: Product, store: StoreName, key: str, now: Mapping[str, str]) -> set[str]:
    """Names of prints that share the stamp. Images move none in Webasyst."""
    if store is StoreName.WEBASYST:
        return now.keys() - {Group.MEDIA.value}
    row = key.partition(":")[2]
    return {name for name in now if name.partition(":")[2] == row or (":" not in name and row == product.id)}


def _rest(product: Product, store: StoreName, key: str, written: Mapping[str, Any], now: Mapping[str, str]) -> str:
    """A print of what else the row holds, but for counts, which orders move, and what is written itself."""
    names = {name for name in _row(product, store, key, now) if not name.startswith(Group.STOCK)} - written.keys()
    return prints.of_value(sorted((name, now[name]) for name in names))
