"""What a person is shown who comes back from the Webasyst account: texts of the console's catalogue, translated where they are shown."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    CONNECTED = "connected"
    DENIED = "denied"
    EXPIRED = "expired"
    FOREIGN = "foreign"
    NO_CODE = "no_code"
    CHANGED = "changed"
    CODE_REFUSED = "code_refused"
    STORE_FAILED = "store_failed"
    RIGHTS_MISSING = "rights_missing"


OPEN = "Open the console"


@dataclass(frozen=True, slots=True)
class Landing:
    """`redirect` is set when all went well. `forget` is the Set-Cookie value that ends the attempt. Texts are plain, to be translated and escaped."""

    reason: Reason
    title: str
    text: str
    link: str
    forget: str
    redirect: str = ""
    detail: str = ""


TEXTS = {
    Reason.CONNECTED: (
        "Connected",
        "The shop is connected.",
    ),
    Reason.DENIED: (
        "Access was not given",
        "You pressed Cancel, or your user may not give access. Nothing was changed. Begin again when you want to connect.",
    ),
    Reason.EXPIRED: (
        "This address is used up",
        "It works once and for ten minutes. Open the console and press Get token again.",
    ),
    Reason.FOREIGN: (
        "Begun in another browser",
        "This attempt was not begun in this browser, so nothing was connected. Open the console here and press Get token.",
    ),
    Reason.NO_CODE: (
        "The account sent no code",
        "The answer of the Webasyst account is incomplete. Open the console and press Get token again.",
    ),
    Reason.CHANGED: (
        "The settings have changed meanwhile",
        "The account address is no longer the one that was asked. Open the console and press Get token again.",
    ),
    Reason.CODE_REFUSED: (
        "The account refused the code",
        "The code is not from this account, or more than three minutes passed. Open the console and press Get token again.",
    ),
    Reason.STORE_FAILED: (
        "The account could not be reached",
        "Access was given, but the token could not be fetched. Check the account address, then press Get token again.",
    ),
    Reason.RIGHTS_MISSING: (
        "Rights are missing",
        "The user who approved may not do all that the sync needs. Give full rights in the Shop app, or approve as another user.",
    ),
}


def landing(reason: Reason, console: str, *, forget: str, detail: str = "") -> Landing:
    title, text = TEXTS[reason]
    return Landing(reason, title, text, console, forget, console if reason is Reason.CONNECTED else "", detail)
