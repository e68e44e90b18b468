"""What a new order costs in units of the tables, as the price list counts them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from storesync.domain.model import StoreName
from storesync.state.journal import Journal
from storesync.state.links import Links
from storesync.state.streams import Streams

from tests.bench.metered import Metered
from tests.integration.order_scene import Shops, known_catalogues, open_shops

CSCART = StoreName.CSCART


@pytest.fixture
def metered() -> Iterator[tuple[Shops, Metered, Metered]]:
    state, records = Metered(), Metered()
    for shops in open_shops():
        shops.world = replace(
            shops.world, links=Links(state, "main"), streams=Streams(state, "main"), journal=Journal(records, "main", log_requests=False)
        )
        known_catalogues(shops.world)
        yield shops, state, records


def test_a_new_order_of_a_new_buyer_takes_ten_write_units_and_six_read_units_at_most(metered: tuple[Shops, Metered, Metered]) -> None:
    shops, *tables = metered
    product = shops.product()
    shops.hint(CSCART, shops.place({product: 1}))  # from now on the product is linked
    order_id = shops.place({product: 2}, email="another@example.test", b_phone="", s_phone="", phone="")
    for table in tables:
        table.units()
    shops.hint(CSCART, order_id)
    assert len(shops.mirrors(order_id)) == 1
    read, written = (sum(column) for column in zip(*(table.units() for table in tables), strict=True))
    assert read <= 6 and written <= 10


def test_a_hint_at_an_order_that_did_not_move_writes_nothing(metered: tuple[Shops, Metered, Metered]) -> None:
    shops, *tables = metered
    order_id = shops.place({shops.product(): 2})
    shops.hint(CSCART, order_id)
    for table in tables:
        table.units()
    shops.hint(CSCART, order_id)
    read, written = (sum(column) for column in zip(*(table.units() for table in tables), strict=True))
    assert read <= 2 and written == 0
