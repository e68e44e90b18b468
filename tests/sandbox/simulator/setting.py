"""What a schedule begins with: how the connection is set, and what both shops hold, drawn from the seed."""

from dataclasses import dataclass
from random import Random

from storesync.domain.connection import Connection, CsCartSettings, Policy, StatusMap, WebasystSettings
from storesync.domain.model import Group, StoreName
from storesync.domain.statuses import propose

from tests.fakes.stores_cscart import LETTERS
from tests.sandbox.webasyst.states import STATES

CURRENCY = "RUB"
# How far an order has come: a letter of CS-Cart or a state of Webasyst.
RANKS = {
    "O": 0, "B": 0, "P": 3, "S": 7, "C": 8, "F": 9, "D": 9, "I": 9,
    "new": 0, "pos": 0, "auth": 0, "processing": 3, "paid": 3, "fulfilling": 3, "pickup": 3, "shipped": 7, "completed": 8, "refunded": 9, "deleted": 9,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """`stock_owner`: whose count is true; None: both stores' movements count. `exact`: Webasyst keeps a discount to the cent."""

    connection: Connection
    stock_counting: str
    page: int
    exact: bool = True
    lagging: bool = False

    @property
    def stock_owner(self) -> StoreName | None:
        connection = self.connection
        if connection.policy(Group.STOCK) is not Policy.TWO_WAY:
            return self.owner(Group.STOCK)
        if connection.orders_to_cscart and connection.stock_owner is None:
            return StoreName.CSCART
        return connection.stock_owner if connection.stock_owner is StoreName.WEBASYST or connection.orders_to_cscart else None

    def owner(self, group: Group) -> StoreName | None:
        """The store whose value always wins."""
        owners = {Policy.TO_WEBASYST: StoreName.CSCART, Policy.TO_CSCART: StoreName.WEBASYST}
        return owners.get(self.connection.policy(group))


def statuses() -> StatusMap:
    """The proposed table, which knows the letter S by its name."""
    return propose(LETTERS, STATES)


def drawn(random: Random) -> Setting:
    policies = dict.fromkeys((Group.CONTENT, Group.MEDIA, Group.LISTING, Group.PRICE, Group.IDENTITY, Group.STOCK), Policy.TWO_WAY)
    if random.random() < 0.2:
        policies[random.choice((Group.CONTENT, Group.PRICE))] = random.choice((Policy.TO_WEBASYST, Policy.TO_CSCART))
    owner = random.choice((StoreName.CSCART, StoreName.CSCART, StoreName.WEBASYST, None))
    if owner is StoreName.CSCART and random.random() < 0.3:
        policies[Group.STOCK] = Policy.TO_WEBASYST
    connection = Connection(
        "main",
        CsCartSettings(
            url="https://shop.example/",
            email="sync@shop.example",
            company_id="1",
            currency=CURRENCY,
            default_category="1",
            payment_id="1",
            shipping_id="1",
        ),
        WebasystSettings(url="https://account.example/", currency=CURRENCY, default_category="1", default_type="1"),
        orders_update_time=86_400,
        policies=policies,
        preferred=random.choice((StoreName.CSCART, StoreName.CSCART, StoreName.WEBASYST)),
        categories={"1": "1", "2": "2"},
        statuses=statuses(),
        order_discounts=random.random() < 0.7,
        stock_owner=owner,
        orders_to_cscart=owner is not None and random.random() < 0.2,
    )
    counting = random.choice(("processing", "processing", "create", "none"))
    return Setting(connection, counting, random.choice((2, 3, 250)), random.random() < 0.7, random.random() < 0.3)
