"""One contact per buyer: whoever writes how, however often, from whichever account."""

from collections.abc import Iterator

import pytest
from storesync.domain.model import StoreName

from tests.integration.order_scene import BUYER, Shops, open_shops

CSCART = StoreName.CSCART


@pytest.fixture
def shops() -> Iterator[Shops]:
    for shops in open_shops():
        shops.product()
        yield shops


def account(shops: Shops, email: str) -> int:
    """Another storefront's account may have the same e-mail."""
    row = {"user_type": "C", "company_id": 1, "email": email, "firstname": "Анна", "lastname": "Смирнова", "profile": "{}", "timestamp": 1}
    return shops.cscart.shop.insert("users", row)


def ordered(shops: Shops, user_id: int = 0, **buyer: str) -> str:
    """The Webasyst contact of a new order."""
    order_id = shops.place({shops.goods[0]: 1}, **buyer)
    shops.cscart.shop.update("orders", {"user_id": user_id}, order_id=int(order_id))
    shops.hint(CSCART, order_id)
    assert shops.parked() == []
    return str(shops.mirror(order_id)["contact_id"])


def forgotten(shops: Shops, contact: str) -> None:
    """Deleted, or merged into another one, by the shop's people."""
    shops.webasyst.shop.run("DELETE FROM contacts WHERE id = ?", contact)
    shops.webasyst.shop.run("DELETE FROM contact_data WHERE contact_id = ?", contact)


def test_fault_46_a_guest_is_known_by_the_mail_in_any_case_and_whatever_the_phone(shops: Shops) -> None:
    first = ordered(shops)
    assert ordered(shops, email="ANNA.SMIRNOVA@EXAMPLE.COM") == first
    assert ordered(shops, phone="+7 999 111-22-33") == first
    assert ordered(shops, email="else@example.com") != first


def test_fault_46_a_phone_alone_is_one_buyer_however_it_is_written(shops: Shops) -> None:
    assert len({ordered(shops, email="", phone=phone) for phone in ("+7 (900) 123-45-67", "8 900 123 45 67", "79001234567")}) == 1


def test_fault_46_an_account_stays_one_contact_when_its_mail_changes(shops: Shops) -> None:
    user = account(shops, BUYER["email"])
    first = ordered(shops, user)
    assert ordered(shops, user, email="new.address@example.com") == first
    assert ordered(shops, user, email="NEW.address@example.com") == first


def test_a_guest_who_registers_is_the_same_buyer(shops: Shops) -> None:
    first = ordered(shops)
    assert ordered(shops, account(shops, BUYER["email"])) == first


def test_fault_46_two_accounts_with_one_mail_share_the_contact(shops: Shops) -> None:
    one, two = account(shops, BUYER["email"]), account(shops, BUYER["email"])
    assert len({ordered(shops, one), ordered(shops, two), ordered(shops, one), ordered(shops)}) == 1


def test_fault_46_nobody_is_made_somebody_else_by_a_phone(shops: Shops) -> None:
    """A family shares a telephone; who gives a mail is known by that."""
    assert ordered(shops, email="one@example.com") != ordered(shops, email="two@example.com")


def test_of_several_contacts_with_one_mail_the_closest_is_taken(shops: Shops) -> None:
    add = {"data[email]": BUYER["email"], "data[firstname]": "Пётр", "data[phone]": "79991112233"}
    shops.theirs.call("POST", "shop.customer.add", form=add)
    same = shops.theirs.call(
        "POST", "shop.customer.add", form={**add, "data[firstname]": "Анна", "data[lastname]": "Смирнова", "data[phone]": BUYER["phone"]}
    )
    assert ordered(shops) == str(same["contact_id"])


def test_a_contact_that_is_gone_is_not_ordered_for(shops: Shops) -> None:
    """An order for it would be broken for good (R5)."""
    user = account(shops, BUYER["email"])
    first = ordered(shops, user)
    forgotten(shops, first)
    second = ordered(shops, user)
    assert second != first
    assert ordered(shops, user) == second


def test_fault_46_someone_without_mail_and_phone_is_one_contact_over_all_tries(shops: Shops) -> None:
    order_id = shops.place({shops.goods[0]: 1}, email="", phone="", b_phone="", s_phone="")
    shops.fail(StoreName.WEBASYST, "lose_answer", "order.save")
    for _ in range(3):
        shops.hint(CSCART, order_id)
    assert len(shops.theirs.orders()) == 1
    assert shops.webasyst.shop.value("SELECT count(*) FROM contacts WHERE is_user = 0") == 1


def test_the_state_holds_no_personal_data(shops: Shops) -> None:
    ordered(shops, account(shops, BUYER["email"]))
    kept = repr(vars(shops.state.state)) + repr(vars(shops.state.records))
    for secret in ("Smirnova", "smirnova", "Смирнова", "Ленина", "000-00-01", "79000000001"):
        assert secret not in kept
