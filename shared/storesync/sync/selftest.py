"""The self-test: looks at both shops before anything is written, and says for each obstacle what to do."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from ..domain import statuses, translation
from ..domain.connection import Connection
from ..domain.exchange import StoreInfo
from ..domain.findings import Finding, Weight
from ..domain.model import StoreName
from ..errors import MissingRate
from .ports import Links

NAMES = {StoreName.CSCART: "CS-Cart", StoreName.WEBASYST: "Webasyst"}
CLOCK_SECONDS = 120
SHOWN_SKUS = 5

Infos = Mapping[StoreName, StoreInfo]


def findings(connection: Connection, infos: Infos, now: datetime, links: Links) -> list[Finding]:
    """`infos` of the shops that answered. `now` is our clock at the moment when they did."""
    return [
        *(found for store, info in infos.items() for found in _of_shop(store, info, now)),
        *_currency(connection, infos),
        *(found for store in StoreName for found in _skus(store, links)),
        *_stock(connection, infos.get(StoreName.WEBASYST)),
        *_statuses(connection, infos),
        *_notifications(),
    ]


def _of_shop(store: StoreName, info: StoreInfo, now: datetime) -> Iterator[Finding]:
    shop = NAMES[store]
    for problem in info.problems:
        yield Finding(
            "rights", Weight.STOPS, "%(shop)s: %(problem)s. Give this right to the user whose key or token it is, then check again.",
            {"shop": shop, "problem": problem},
        )  # fmt: skip
    if not info.problems:
        yield Finding("rights", Weight.FINE, "%(shop)s answers and gives all rights that are needed.", {"shop": shop})
    off = abs((info.now - now).total_seconds())
    if off > CLOCK_SECONDS:
        yield Finding(
            "clock", Weight.WARNS,
            "%(shop)s: its clock is off by %(seconds)s seconds. It works all the same, as the shop's own clock is used; have the hosting set it right.",
            {"shop": shop, "seconds": str(round(off))},
        )  # fmt: skip
    else:
        yield Finding("clock", Weight.FINE, "%(shop)s: its clock is right.", {"shop": shop})


def _currency(connection: Connection, infos: Infos) -> Iterator[Finding]:
    ours, theirs = connection.cscart.currency, connection.webasyst.currency
    if not ours or not theirs:
        yield Finding("currency", Weight.STOPS, "The currencies are not chosen yet: choose both in the step “Company and defaults”.")
    elif not _convertible(connection):
        yield Finding(
            "currency", Weight.STOPS, "CS-Cart sells in %(ours)s, Webasyst in %(theirs)s: enter a rate in the step “Company and defaults”.",
            {"ours": ours, "theirs": theirs},
        )  # fmt: skip
    elif (info := infos.get(StoreName.WEBASYST)) and info.currencies and theirs not in info.currencies:
        yield Finding("currency", Weight.STOPS, "Webasyst has no currency %(theirs)s: add it there or choose another.", {"theirs": theirs})
    else:
        yield Finding("currency", Weight.FINE, "The currencies fit.")


def _convertible(connection: Connection) -> bool:
    try:
        return bool(translation.rate(connection, connection.cscart.currency, connection.webasyst.currency))
    except MissingRate:
        return False


def _skus(store: StoreName, links: Links) -> Iterator[Finding]:
    found = [entries[0][0] for _, entries in islice(links.duplicate_skus(store), SHOWN_SKUS + 1)]
    if found:
        shown = ", ".join(found[:SHOWN_SKUS]) + (" …" if len(found) > SHOWN_SKUS else "")
        yield Finding(
            "skus", Weight.WARNS, "%(shop)s has several products with one SKU (%(skus)s): they are set aside until each has its own.",
            {"shop": NAMES[store], "skus": shown},
        )  # fmt: skip


def _stock(connection: Connection, info: StoreInfo | None) -> Iterator[Finding]:
    if info is None:
        return
    if len(info.stock_ids) > 1 and not connection.webasyst.stock_id:
        yield Finding(
            "stock", Weight.WARNS, "Webasyst keeps %(count)s stocks: choose in “Company and defaults” which one is synchronised.",
            {"count": str(len(info.stock_ids))},
        )  # fmt: skip
    if info.stock_counting == "none":
        yield Finding(
            "stock", Weight.WARNS,
            "Webasyst does not take sold goods off its stock (Settings → Orders → Stock): stock then follows CS-Cart only.",
        )  # fmt: skip
    else:
        yield Finding("stock", Weight.FINE, "Stock: orders mirrored into Webasyst are not taken off its stock a second time.")


def _statuses(connection: Connection, infos: Infos) -> Iterator[Finding]:
    problems = statuses.problems(connection.statuses)
    for problem in problems:
        yield Finding("statuses", Weight.STOPS, "Status table: %(problem)s. Change one of its rows.", {"problem": problem})
    info = infos.get(StoreName.CSCART)
    missing: Sequence[str] = [status.name for status in info.statuses if status.id not in connection.statuses.to_webasyst] if info else []
    if missing:
        yield Finding(
            "statuses",
            Weight.WARNS,
            "Status table: no row for %(names)s. Orders in such a status are set aside.",
            {"names": ", ".join(missing)},
        )
    elif not problems:
        yield Finding("statuses", Weight.FINE, "The status table is complete and goes round in no circle.")


def _notifications() -> Iterator[Finding]:
    """The API neither shows the notifications nor knows a silent mode (contract 7, trap 34): it can only be said."""
    yield Finding(
        "notifications", Weight.WARNS,
        "Webasyst sends its customer notifications for mirrored orders too, and does not tell which are on. Look at Shop → Settings → Notifications: "
        "switch off those for customers, or limit them to your own storefront.",
    )  # fmt: skip
