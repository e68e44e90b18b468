"""Getting and giving back a token. The server has no state, no secret, no expiry, and answers 200 to everything (contract 1)."""

import re
import secrets
from urllib.parse import urlencode

from ..errors import NotKept, StoreError, Unauthorised
from ..http import Answer, Call, CallClass, Transport
from .client import STORE, classify
from .decode import mapping, text

_TOKEN = re.compile(r"[0-9a-f]{32}")


def new_client_id() -> str:
    """Random and exactly 32 characters: a longer one fails (W2), a shared one shares its token with strangers (W3)."""
    return secrets.token_hex(16)


def authorize_url(account: str, client_id: str, redirect_uri: str, scope: str = "shop") -> str:
    """`redirect_uri` must carry our own state: the server never echoes one (W1)."""
    query = {"client_id": client_id, "client_name": "CS-Cart sync", "response_type": "code", "scope": scope, "redirect_uri": redirect_uri}
    return f"{account}api.php/auth?{urlencode(query)}"


def _token_answer(call: Call, answer: Answer) -> StoreError | None:
    """200 and text/html whatever happened (W4): only a well-formed token is a success. The description echoes the code and is dropped."""
    found = mapping(answer.json())
    if _TOKEN.fullmatch(text(found.get("access_token"))):
        return None
    return Unauthorised("the code was not accepted", store=STORE, status=answer.status, code=text(found.get("error")))


def exchange(account: str, client_id: str, code: str, *, allow_private: bool = False) -> str:
    """The token for a code. Raises Unauthorised, or what the transport raises."""
    form = (("code", code), ("client_id", client_id), ("grant_type", "authorization_code"))
    transport = Transport(STORE, _token_answer, secrets=(code, client_id), allow_private=allow_private)
    answer = transport.send(Call("POST", f"{account}api.php/token", form=form, kind=CallClass.PROBE))
    return text(mapping(answer.json()).get("access_token"))


def revoke(account: str, token: str, *, allow_private: bool = False) -> None:
    """The token as a parameter: with the header alone the server answers 200 and deletes nothing (W5). Raises NotKept if it still works."""
    transport = Transport(STORE, classify, secrets=(token,), allow_private=allow_private)
    form = (("access_token", token),)
    try:
        for method in ("revoke", "shop.settings.get"):
            transport.send(Call("POST", f"{account}api.php/{method}", form=form, kind=CallClass.PROBE))
    except Unauthorised:
        return
    except StoreError as error:
        if error.status == 405:
            raise NotKept("the token still works after revoking") from error
        raise
    raise NotKept("the token still works after revoking")
