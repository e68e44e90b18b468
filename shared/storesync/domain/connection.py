"""A connection: one CS-Cart scope paired with one Webasyst account, and everything its owner decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from .model import Group, StoreName


class Policy(StrEnum):
    """Which way a field group flows. `two_way` falls back on the preferred store when both sides changed."""

    TO_WEBASYST = "to_webasyst"
    TO_CSCART = "to_cscart"
    TWO_WAY = "two_way"
    OFF = "off"


class DeletionRule(StrEnum):
    """What a confirmed deletion on one side does to the other; by default it is only shown."""

    SHOW = "show"
    HIDE = "hide"
    ZERO_STOCK = "zero_stock"


@dataclass(frozen=True, slots=True)
class CsCartSettings:
    """`url` is the shop's root with one trailing slash. `company_id`: the storefront or vendor whose orders are taken, empty for all.

    `no_rewrite`: the shop needs the `api.php?_d=` form; None until probed. `currency` is the primary one: amounts carry no code (C36).
    """

    url: str = ""
    email: str = ""
    company_id: str = ""
    scope: str = "stores"
    no_rewrite: bool | None = None
    currency: str = ""
    default_category: str = ""
    payment_id: str = ""
    shipping_id: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class WebasystSettings:
    """`url` is the account root (where api.php lies) with one trailing slash. `stock_id`: the stock that is synchronised, empty for the first."""

    url: str = ""
    client_id: str = ""
    currency: str = ""
    default_category: str = ""
    default_type: str = ""
    stock_id: str = ""


@dataclass(frozen=True, slots=True)
class StatusMap:
    """CS-Cart letter -> Webasyst action ("" = leave as created), and Webasyst state -> CS-Cart letter ("" = leave)."""

    to_webasyst: Mapping[str, str] = field(default_factory=dict)
    to_cscart: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MethodMap:
    """Ways to ship, or to pay: CS-Cart id -> the name that a mirrored order gets in Webasyst, and Webasyst id -> CS-Cart id.

    Without a row an order keeps its own name in Webasyst, and gets the default method in CS-Cart.
    """

    to_webasyst: Mapping[str, str] = field(default_factory=dict)
    to_cscart: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Guard:
    """Limits of one pass: a plan that zeroes, hides, reprices or touches more than this share and this number asks first."""

    share: Decimal = Decimal("0.3")
    at_least: int = 50
    price_jump: Decimal = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Damage:
    """What one run may do before it stops and asks; 0: no limit.

    `writes`: records; `mails`: e-mails that the shops would send to customers for them; `money`: price changes times the pieces in stock,
    in whole units of CS-Cart's currency, and the totals of orders where they are known beforehand.
    """

    writes: int = 100_000
    mails: int = 2_000
    money: int = 0


def _default_policies() -> dict[Group, Policy]:
    return {
        Group.CONTENT: Policy.TWO_WAY,
        Group.MEDIA: Policy.TWO_WAY,
        Group.LISTING: Policy.TWO_WAY,
        Group.PRICE: Policy.TWO_WAY,
        Group.IDENTITY: Policy.TWO_WAY,
        Group.STOCK: Policy.TWO_WAY,
    }


@dataclass(frozen=True, slots=True)
class Connection:
    """Periods and reaches are in seconds. `update_time` and `orders_update_time`: how far back a pull reaches at least.

    `proof_period` 0: agreement is proved only when somebody asks. `rest_period`: how far the time between two looks may grow while nothing
    moves; 0: not at all.
    """

    id: str
    cscart: CsCartSettings = CsCartSettings()
    webasyst: WebasystSettings = WebasystSettings()
    paused: bool = False
    product_updates: bool = True
    update_time: int = 3600
    orders_update_time: int = 3600
    product_period: int = 300
    order_period: int = 60
    sweep_period: int = 3600
    proof_period: int = 86_400
    rest_period: int = 300
    policies: Mapping[Group, Policy] = field(default_factory=_default_policies)
    preferred: StoreName = StoreName.CSCART
    stock_owner: StoreName | None = StoreName.CSCART
    create_in_webasyst: bool = True
    create_in_cscart: bool = True
    categories: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    statuses: StatusMap = StatusMap()
    shippings: MethodMap = MethodMap()
    payments: MethodMap = MethodMap()
    order_discounts: bool = True
    orders_from: datetime | None = None
    created_at: datetime | None = None
    orders_to_cscart: bool = False
    order_edits_to_cscart: bool = False
    reindex_names: bool = True
    deletions: DeletionRule = DeletionRule.SHOW
    guard: Guard = Guard()
    damage: Damage = Damage()
    log_requests: bool = True
    log_reads: bool = False
    log_limit: int = 10_000_000
    allow_private_addresses: bool = False

    @property
    def ready(self) -> bool:
        """Without both addresses nothing runs (the secrets are checked where they are read)."""
        return bool(self.cscart.url and self.cscart.email and self.webasyst.url) and not self.paused

    @property
    def orders_since(self) -> datetime | None:
        """Orders placed before are left where they are: history is not imported by surprise."""
        return self.orders_from or self.created_at

    @property
    def counted_there(self) -> bool:
        """Whether mirrored orders come off Webasyst's stock: it is the owner, or CS-Cart only ever gets what Webasyst counts."""
        return self.stock_owner is StoreName.WEBASYST or self.policy(Group.STOCK) is Policy.TO_CSCART

    def policy(self, group: Group) -> Policy:
        return self.policies.get(group, Policy.TWO_WAY)

    def missing(self) -> tuple[str, ...]:
        """Names of the settings without which nothing may be read or written."""
        wanted = {"cscart.url": self.cscart.url, "cscart.email": self.cscart.email, "webasyst.url": self.webasyst.url}
        return tuple(name for name, value in wanted.items() if not value)
