"""The engine's own words, as they are told to people: actions, groups, fields, causes, rules."""

import json
from collections.abc import Callable

from .texts import N_

WORDS = {
    "planned": N_("planned"),
    "undone": N_("undone"),
    "variant": N_("new variant"),
    "new variant": N_("new variant"),
    "created": N_("created"),
    "written": N_("written"),
    "linked": N_("linked"),
    "conflict": N_("conflict decided"),
    "parked": N_("set aside"),
    "deleted": N_("deleted in the shop"),
    "refused": N_("refused"),
    "content": N_("texts"),
    "media": N_("images"),
    "listing": N_("category and visibility"),
    "price": N_("price"),
    "stock": N_("stock"),
    "identity": N_("SKU"),
    "pull": N_("schedule"),
    "sweep": N_("whole catalogue"),
    "hook": N_("hint of the shop"),
    "console": N_("console"),
    "order": N_("order"),
    "both changed": N_("both sides had changed"),
    "status": N_("status"),
    "lines": N_("lines"),
    "people": N_("customer"),
    "name": N_("name"),
    "summary": N_("short description"),
    "description": N_("description"),
    "meta_title": N_("SEO title"),
    "meta_keywords": N_("SEO keywords"),
    "meta_description": N_("SEO description"),
    "visibility": N_("visibility"),
    "categories": N_("categories"),
    "images": N_("number of images"),
    "sku": N_("SKU"),
    "available": N_("available"),
    "compare_price": N_("compare-at price"),
    "currency": N_("currency"),
    "total": N_("total"),
    "shipping": N_("shipping cost"),
    "discount": N_("discount"),
    "shipping_name": N_("shipping method"),
    "payment_name": N_("payment method"),
    "tracking": N_("tracking number"),
    "quantity": N_("quantity"),
    "yes": N_("yes"),
    "no": N_("no"),
    "visible": N_("visible"),
    "hidden": N_("hidden"),
    "disabled": N_("disabled"),
    "customer": N_("customer's e-mail"),
    "product": N_("product"),
    "connection": N_("connection"),
    "stream": N_("stream"),
    "look": N_("question of the console"),
    "owner": N_("by the policy"),
    "first link": N_("when both were first matched"),
    "both moved": N_("both sides had moved"),
    "oversold": N_("sold in both shops"),
    "sold_too_many": N_("pieces sold that are not there"),
    "doubtful": N_("cut off, or moved by the shop, while it was written"),
    "pieces_in_doubt": N_("pieces that may be missing: count them"),
    "undo": N_("undo"),
    "edited since": N_("edited since"),
    "evidence number": N_("the number is in the comment"),
    "evidence total": N_("same total"),
    "evidence email": N_("same e-mail"),
    "evidence lines": N_("same lines"),
    "evidence date": N_("placed at the same time"),
    "confirmed by the owner": N_("confirmed by the owner"),
    "moved since it was shown": N_("moved since it was shown"),
    "cannot be undone": N_("cannot be undone"),
}


def word(name: object, gettext: Callable[[str], str]) -> str:
    """Only words of ours are translated; whatever else it is, it stays as it is."""
    text = str(name)
    return gettext(WORDS[text]) if text in WORDS else text


def plain(value: str, gettext: Callable[[str], str]) -> str:
    """A value of the journal for people: an object as its fields, anything else as it is."""
    try:
        found = json.loads(value)
    except ValueError:
        return value
    if not isinstance(found, dict):
        return value
    return "; ".join(f"{word(name, gettext)}: {_shown(item, gettext)}" for name, item in found.items())


def _shown(item: object, gettext: Callable[[str], str]) -> str:
    if item is None:
        return gettext(N_("unlimited"))
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
