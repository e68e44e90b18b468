"""What is kept of a customer: which contact belongs to which account, under hashes; no name, no address. For those who ask, by e-mail."""

from typing import Any

from ..domain.model import StoreName
from ..domain.orders import Customer
from ..sync.customers import email_key
from ..sync.ports import World


def kept(world: World, email: str) -> dict[str, Any]:
    """The request log is redacted and the journal names fields only, so this is all there is."""
    key = email_key(world, Customer(email=email))
    contact = world.links.customer(StoreName.CSCART, key) if key else ""
    account = world.links.customer(StoreName.WEBASYST, contact) if contact else ""
    links = [{"key": key, "webasyst_contact": contact, "cscart_account": account}] if contact else []
    return {"email": email, "links": links}


def follow(world: World, email: str, contact: str) -> None:
    """From now on this contact of Webasyst gets the customer's orders. One that is not there any more is not taken: the buyer is then looked for anew."""
    known = kept(world, email)["links"]
    account = known[0]["cscart_account"] if known else ""
    for key in filter(None, (email_key(world, Customer(email=email)), f"user:{account}" if account else "")):
        world.links.save_customer(StoreName.CSCART, key, contact)
    if account:
        world.links.erase_customer(StoreName.WEBASYST, known[0]["webasyst_contact"])
        world.links.save_customer(StoreName.WEBASYST, contact, account)


def erase(world: World, email: str) -> bool:
    """Whether there was anything."""
    key = email_key(world, Customer(email=email))
    contact = world.links.customer(StoreName.CSCART, key) if key else ""
    if contact:
        user = world.links.customer(StoreName.WEBASYST, contact)
        world.links.erase_customer(StoreName.CSCART, f"user:{user}")
        world.links.erase_customer(StoreName.WEBASYST, contact)
    return bool(contact) and world.links.erase_customer(StoreName.CSCART, key)
