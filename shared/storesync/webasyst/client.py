"""Shop-Script's HTTP methods: what is sent where, and which answers are errors. Methods the contract forbids do not exist here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from ..errors import (
    ApiDisabled,
    Forbidden,
    NotAnApi,
    NotFound,
    PaymentRequired,
    Rejected,
    ServerFault,
    StoreBusy,
    StoreError,
    SyncError,
    Unauthorised,
    UnsupportedValue,
)
from ..http import Answer, Call, CallClass, Transport, retry_after
from .decode import mapping, text
from .forms import encode

STORE = "webasyst"
Calls = Sequence[Call]
T = TypeVar("T")

READS = frozenset(
    {
        "shop.category.getTree",
        "shop.customer.search",
        "shop.order.search",
        "shop.product.search",
        "shop.rights",
        "shop.settings.get",
        "shop.settings.getPaymentTypes",
        "shop.settings.getShippingTypes",
        "shop.stock.getList",
        "shop.type.getList",
    }
)
WRITES = frozenset(
    {
        "shop.customer.add",
        "shop.order.action",
        "shop.order.save",
        "shop.product.add",
        "shop.product.images.add",
        "shop.product.images.delete",
        "shop.product.images.sort",
        "shop.product.massUpdate",
        "shop.product.skus.add",
        "shop.product.update",
    }
)
# Fields that do harm where they stand: an id in the form makes a new product, SKUs keyed wrong are stolen from others (W17), a price or a count
# of the product disagrees with its SKUs (W23), stamps are stored as given, customer[] overwrites a contact (4.5).
HARMFUL = {
    "shop.product.update": frozenset({"id", "skus", "price", "count", "edit_datetime", "create_datetime"}),
    "shop.order.save": frozenset({"customer"}),
}


def classify(call: Call, answer: Answer) -> StoreError | None:
    """By code and status, never by the text, which is in the user's language (W7); an `error` key is a failure even with 200 (W6)."""
    if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
        return StoreBusy("asked to wait", store=STORE, status=answer.status, retry_after=retry_after(answer))
    try:
        found = answer.json()
    except StoreError as error:
        error.store, error.status = STORE, answer.status
        return NotFound("no such page", store=STORE, status=404) if answer.status == 404 and isinstance(error, NotAnApi) else error
    code = text(found.get("error")) if isinstance(found, Mapping) else ""
    if not code and answer.status < 400:
        return None
    return _error(answer.status, code)


def _error(status: int, code: str) -> StoreError:
    kind: type[StoreError] = Rejected
    if status == 401 or code in ("invalid_token", "token_required"):
        kind = Unauthorised
    elif status == 402:
        kind = PaymentRequired
    elif code in ("disabled", "app_not_installed"):
        kind = ApiDisabled
    elif code == "access_denied":
        kind = Forbidden
    elif status == 404 and code != "invalid_method":
        kind = NotFound
    elif status >= 500:
        kind = ServerFault
    return kind("refused", store=STORE, status=status, code=code)


def _refuse(method: str, known: frozenset[str], form: Mapping[str, object]) -> None:
    """What the table of traps forbids cannot be sent: unsafe methods (W33, W36), `action=edit` (W38), harmful fields."""
    if method not in known:
        raise UnsupportedValue("a method that is not used", method=method)
    if wrong := HARMFUL.get(method, frozenset()) & form.keys():
        raise UnsupportedValue("a field that does harm", method=method, fields=",".join(sorted(wrong)))
    if method == "shop.order.action" and form.get("action") == "edit":
        raise UnsupportedValue("an order is edited by order.save", method=method)


class WebasystClient:
    """`url` is the account root with one trailing slash. Every method name is given whole, as in `shop.product.search`."""

    def __init__(self, url: str, transport: Transport, token: str = "") -> None:  # nosec B107: without one the transport's header counts
        self.url, self.transport, self._token = url, transport, token
        self._header_is_stripped = False

    def get_call(self, method: str, query: Mapping[str, object] | None = None, kind: CallClass = CallClass.READ) -> Call:
        _refuse(method, READS, {})
        return Call("GET", f"{self.url}api.php/{method}", params=encode(query or {}), kind=kind)

    def post_call(
        self,
        method: str,
        form: Mapping[str, object],
        query: Mapping[str, object] | None = None,
        *,
        kind: CallClass = CallClass.WRITE,
        repeatable: bool = True,
    ) -> Call:
        _refuse(method, WRITES, form)
        return Call("POST", f"{self.url}api.php/{method}", params=encode(query or {}), form=encode(form), kind=kind, repeatable=repeatable)

    def get(self, method: str, query: Mapping[str, object] | None = None) -> object:
        return self.send(self.get_call(method, query))

    def send(self, call: Call) -> object:
        return self._sent(lambda: self.transport.send(self._with_token(call)).json())

    def _sent(self, ask: Callable[[], T]) -> T:
        """Some hosts strip `Authorization` (2.2): then the token goes as a parameter, from that call on."""
        try:
            return ask()
        except Unauthorised as error:
            if error.code != "token_required" or self._header_is_stripped or not self._token:
                raise
        self._header_is_stripped = True
        return ask()

    def _with_token(self, call: Call) -> Call:
        """In the form where there is one: a query ends in the shop's access log."""
        if not self._header_is_stripped:
            return call
        field = (("access_token", self._token),)
        return replace(call, params=call.params + field) if call.form is None else replace(call, form=call.form + field)

    def post(
        self, method: str, form: Mapping[str, object], query: Mapping[str, object] | None = None, *, repeatable: bool = True
    ) -> object:
        kind = CallClass.WRITE if repeatable else CallClass.CREATE
        return self.send(self.post_call(method, form, query, kind=kind, repeatable=repeatable))

    def many(self, calls: Calls) -> list[object | SyncError]:
        """Answers' JSON or errors, in order."""
        answers = self._sent(lambda: self.transport.map([self._with_token(call) for call in calls]))
        return [item.json() if isinstance(item, Answer) else item for item in answers]

    def stream(self, works: Sequence[Callable[[], T]]) -> Iterator[T]:
        """Works that are several calls each, side by side; results in their order, as they come. Raises what one of them raises."""
        return self.transport.stream(works)

    def upload(self, product_id: str, filename: str, data: bytes) -> Mapping[str, object]:
        url = f"{self.url}api.php/shop.product.images.add"
        files = (("file", (filename, data, "application/octet-stream")),)
        call = Call("POST", url, params=(("product_id", product_id),), files=files, kind=CallClass.UPLOAD, repeatable=False)
        return mapping(self.send(call))
