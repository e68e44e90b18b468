"""Every error this package raises, in one tree; a class says whether trying again can help.

    SyncError
    ├── ConfigurationError          settings are missing or wrong (all problems at once)
    ├── BadMessage                  a trigger or queue message that cannot be understood
    ├── UnknownConnection           a message names a connection that does not exist
    ├── Unauthentic                 a hint or sign-in that proves nothing
    ├── HintTooLarge                a hint is larger than any real one
    ├── TooManyHints                hints of one connection come too fast
    ├── LeaseLost                   another worker owns the stream now
    ├── StateUnavailable            the tables, the queue or the secrets did not answer
    ├── CatalogueUnread             the SKUs of both stores are not known yet
    ├── GuardTripped                a plan would touch more than the owner allowed
    ├── StoreError                  a store did not do what was asked
    │   ├── Unreachable             no connection, nothing was sent
    │   ├── OutcomeUnknown          sent, and the answer was lost: it may have been applied
    │   ├── StoreBusy               429 or 503, with the wait that the store asked for
    │   ├── ServerFault             5xx, an empty or a garbled answer
    │   ├── NotAnApi                an HTML page instead of an answer
    │   ├── CircuitOpen             the store failed too often, it is left alone for a while
    │   ├── Redirected              the address answers with a redirect
    │   ├── UnsafeAddress           the address is not a public https one
    │   ├── AnswerTooLarge          the answer broke the size or the time limit
    │   ├── Unauthorised            token or key are not valid any more
    │   ├── Forbidden               a right is missing
    │   ├── PaymentRequired         the store's licence blocks the API
    │   ├── ApiDisabled             the API or the app is switched off
    │   ├── NotFound                the object does not exist
    │   ├── Rejected                the store refused the request as wrong
    │   └── FilterIgnored           rows came back that the filter should have left out
    └── RecordError                 one record cannot be synchronised; the others go on
        ├── MissingLink             a counterpart is needed first
        ├── DuplicateSku            a SKU is not unique, or differs only by case
        ├── TotalsDiffer            an order's totals do not agree to the cent
        ├── UnmappedStatus          the status table has no row for a status
        ├── MissingRate             no rate between two currencies
        ├── UnsupportedValue        a store cannot hold the value
        ├── TooLarge                a record is larger than the tables can hold
        ├── Unreadable              a store shows values that are none, such as a stock that is no number
        └── NotKept                 a write was answered, yet the store kept something else

Two audiences: `advice` is what the merchant should do; `str()` and the attributes are for the engineer.
Nothing personal and no secret may be put into an attribute.
"""

from collections.abc import Sequence


class SyncError(Exception):
    """Root of the tree."""

    retriable = False
    advice = "Something went wrong. The details are in the journal."

    def __init__(self, detail: str = "", **data: object) -> None:
        super().__init__(detail or type(self).__doc__ or "")
        self.detail = detail
        self.data = data

    def __str__(self) -> str:
        pairs = " ".join(f"{key}={value}" for key, value in self.data.items())
        return f"{self.detail} {pairs}".strip() or str(self.args[0])


class ConfigurationError(SyncError):
    """Settings are missing or wrong; `problems` lists them all."""

    advice = "Open the settings and correct the fields that are marked."

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class BadMessage(SyncError):
    """A trigger or queue message cannot be understood."""

    advice = "A message could not be read. It waits in the dead letters, nothing is lost."


class UnknownConnection(SyncError):
    """There is no such connection."""

    advice = "Check the address: the connection it names does not exist."


class Unauthentic(SyncError):
    """A request does not prove where it comes from."""

    advice = "Check that the secret in the shop is the one that the console shows."


class HintTooLarge(SyncError):
    """A hint is larger than any real one."""

    advice = "Nothing to do: the sync finds the change by itself."


class TooManyHints(SyncError):
    """Hints of one connection come faster than they can mean anything."""

    advice = "Nothing to do: the sync finds the changes by itself."


class LeaseLost(SyncError):
    """Another worker owns this stream now; nothing may be written with the old fencing number."""

    retriable = True
    advice = "Nothing to do: another run has taken over."


class StateUnavailable(SyncError):
    """The tables, the queue or the secrets did not do what was asked."""

    retriable = True
    advice = "Nothing to do: it is tried again by itself. If it lasts, look at the AWS account's limits and the stack's events."


class CatalogueUnread(SyncError):
    """Before the first match the SKUs of both stores have to be known; they are being read."""

    retriable = True
    advice = "Nothing to do: the catalogues of both shops are being read."


class GuardTripped(SyncError):
    """A plan would change more than the owner allowed."""

    advice = "Look at the plan and confirm it, or find out why so much changed."


class StoreError(SyncError):
    """A store did not do what was asked."""

    def __init__(self, detail: str = "", *, store: str = "", status: int = 0, code: str = "", **data: object) -> None:
        given = {"store": store, "status": status, "code": code}
        super().__init__(detail, **{key: value for key, value in given.items() if value}, **data)
        self.store, self.status, self.code = store, status, code


class Unreachable(StoreError):
    """The store cannot be reached; the request was not sent."""

    retriable = True
    advice = "The shop does not answer. Check that its site opens; the sync goes on by itself when it does."


class OutcomeUnknown(StoreError):
    """The request was sent and its answer was lost; it may have been applied."""

    retriable = True
    advice = "Nothing to do: the sync looks up what happened before it tries again."


class StoreBusy(StoreError):
    """The store asks for a pause."""

    retriable = True
    advice = "The shop limits calls. The sync slows down by itself."

    def __init__(self, detail: str = "", *, retry_after: float | None = None, **data: object) -> None:
        super().__init__(detail, **data)  # type: ignore[arg-type]
        self.retry_after = retry_after


class ServerFault(StoreError):
    """The store failed while answering; it may have written before that."""

    retriable = True
    advice = "The shop reports an internal error. If it lasts, its hosting must look at it."


class NotAnApi(StoreError):
    """A page came back where an API answer should be."""

    retriable = True
    advice = "The address answers with a page, not with the API. Check the address, maintenance mode and the firewall."


class CircuitOpen(StoreError):
    """The store failed too often lately and is left alone for a moment."""

    retriable = True
    advice = "The shop has been failing. It is tried again every half minute."


class Redirected(StoreError):
    """The address answers with a redirect, which is never followed."""

    advice = "Enter the address that the shop really uses: the one given redirects elsewhere."


class UnsafeAddress(StoreError):
    """The address is not a public https address."""

    advice = "Enter the shop's public address, starting with https://. Its certificate must be valid for that name."


class AnswerTooLarge(StoreError):
    """The answer broke the limit of size or time."""

    retriable = True
    advice = "The shop's answer is too large or too slow. Its hosting must look at it."


class Unauthorised(StoreError):
    """The token or key is not valid any more."""

    advice = "Connect the shop again: its token or key is no longer valid."


class Forbidden(StoreError):
    """The user of the token or key lacks a right."""

    advice = "Give the sync's user full rights in the shop."


class PaymentRequired(StoreError):
    """The store's licence blocks the API."""

    advice = "The shop's licence has run out or does not include the API."


class ApiDisabled(StoreError):
    """The API or the app is switched off."""

    advice = "Switch the API on in the shop's settings."


class NotFound(StoreError):
    """The object does not exist."""

    advice = "It does not exist in the shop any more."


class Rejected(StoreError):
    """The store refused the request as wrong."""

    advice = "The shop refused the values. The journal shows which."


class FilterIgnored(StoreError):
    """Rows came back that the filter should have left out."""

    advice = "The shop ignored a filter, so nothing was written. Its version may be too old."


class RecordError(SyncError):
    """One record cannot be synchronised; it is set aside and the others go on."""

    advice = "The record is set aside. Correct it in the shop and try again."


class MissingLink(RecordError):
    """A counterpart that is needed does not exist."""

    advice = "A product of this order is not in the other shop. Add it there, then try again."


class DuplicateSku(RecordError):
    """A SKU is empty, not unique, or differs from another only by case."""

    advice = "Give each product its own SKU, then try again."


class TotalsDiffer(RecordError):
    """An order's totals do not agree to the cent."""

    advice = "The order's total differs between the shops. Compare taxes and discounts, then try again."


class UnmappedStatus(RecordError):
    """The status table has no row for this status."""

    advice = "Choose in the status table what this status means in the other shop, or set it there by hand, then try again."


class MissingRate(RecordError):
    """There is no rate between two currencies."""

    advice = "Enter the rate between the two currencies in the settings."


class UnsupportedValue(RecordError):
    """The other store cannot hold this value."""

    advice = "Change the value: the other shop cannot store it."


class TooLarge(RecordError):
    """A record is larger than the tables can hold."""

    advice = "The product has too many variants or too long values to be remembered. Split it, then try again."


class NotKept(RecordError):
    """The store answered that it wrote, yet reading back shows something else."""

    advice = "The shop did not keep the value. Check the rights of the sync's user and the shop's add-ons."
