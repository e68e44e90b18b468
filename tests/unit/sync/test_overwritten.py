"""What Webasyst moves for a mirrored order while a pass sets the same count: nobody can tell any more, so fewer are for sale, and it is said."""

from collections.abc import Callable

import pytest
from storesync.domain.model import StoreName

from tests.integration.product_scene import THEIRS
from tests.unit.sync.orders_shop import OrdersShop


def mirrored() -> tuple[OrdersShop, str]:
    """An order of two of nine that both shops know, carried over. Returns its number in Webasyst."""
    shop = OrdersShop()
    shop.sweep()
    order = shop.mirrored(CUP=2)
    shop.sweep()
    assert shop.stock("CUP") == (7, 7)
    return shop, shop.mirror(order).id


def acts(shop: OrdersShop, moment: str, act: Callable[[], object]) -> None:
    """Somebody in Webasyst, at that moment of a pass that carries a sale of one more piece there."""
    shop.cscart.move_stock(shop.variant(StoreName.CSCART, "CUP").id, -1)

    def hook(label: str) -> None:
        if label.startswith(moment):
            shop.webasyst.watch()
            act()

    shop.webasyst.watch(hook)
    shop.sweep()


def met(shop: OrdersShop, number: str) -> list[str]:
    """The order is looked at; what is said."""
    shop.hint(number, THEIRS)
    for _ in range(2):
        shop.sweep()
    return [entry.new for entry in shop.history("CUP") if entry.rule == "doubtful"]


def test_what_is_given_back_between_the_read_and_the_write_of_a_count_is_told():
    shop, number = mirrored()
    acts(shop, "before webasyst write write", lambda: shop.webasyst.act(number, "delete"))
    assert met(shop, number) == ['{"pieces_in_doubt": 2}']
    assert shop.stock("CUP") == (6, 6)


def test_what_is_taken_between_the_read_and_the_write_of_a_count_is_not_put_back_and_told():
    """Two pieces more, by an edit in Webasyst: put back they would be sold twice."""
    shop, number = mirrored()
    order = shop.webasyst.orders_kept[int(number)].marker.rpartition(":")[2]
    acts(shop, "before webasyst write write", lambda: shop.edit_there(order, CUP=4))
    assert met(shop, number) == ['{"pieces_in_doubt": 2}']
    assert shop.stock("CUP") == (6, 6)


@pytest.mark.parametrize("moment", ["before webasyst products", "after webasyst write write"])
def test_what_was_read_or_moved_after_the_write_is_known(moment):
    shop, number = mirrored()
    acts(shop, moment, lambda: shop.webasyst.act(number, "delete"))
    assert met(shop, number) == []
    assert shop.stock("CUP") == (8, 8)
