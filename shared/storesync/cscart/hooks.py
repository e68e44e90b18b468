"""CS-Cart's bundled zapier add-on as a sender of hints: no signature, no repeat, so the address itself is the secret (contract 5.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import NotKept, SyncError, UnsupportedValue
from .client import CsCartClient
from .decode import Json, rows, text

TRIGGERS = ("new_order", "order_paid", "new_product")
LONGEST_URL = 255
_PATH = "/webhooks/"


@dataclass(frozen=True, slots=True)
class Hook:
    """`url` holds the connection's secret: never to be logged or shown whole."""

    id: str
    url: str
    trigger: str


def listed(client: CsCartClient) -> list[Hook]:
    """All at once: reading a single one is broken, whatever id is asked, the first comes back."""
    answer = client.get("zapier_hooks", {"items_per_page": 0})
    return [_hook(row) for name, value in answer.items() if name != "params" for row in rows(value) if text(row.get("hook_id"))]


def _hook(row: Json) -> Hook:
    return Hook(text(row.get("hook_id")), text(row.get("hook_url") or row.get("url")), text(row.get("trigger_name")))


def register(client: CsCartClient, url: str) -> list[Hook]:
    """Makes what is missing and deletes what points to an earlier secret of this connection; doing it again changes nothing."""
    if len(url) > LONGEST_URL:
        raise UnsupportedValue("the address is longer than the shop can keep", length=len(url))
    known = listed(client)
    have = {hook.trigger for hook in known if hook.url == url}
    _deleted(client, [hook for hook in known if hook.url != url and _same_connection(hook.url, url)])
    calls = [client.post_call("zapier_hooks", {"hook_url": url, "trigger_name": trigger}) for trigger in TRIGGERS if trigger not in have]
    _raise_first(client.many(calls))
    made = [hook for hook in listed(client) if hook.url == url]
    if missing := set(TRIGGERS) - {hook.trigger for hook in made}:
        raise NotKept("the shop did not keep all hooks", missing=",".join(sorted(missing)))
    return made


def remove(client: CsCartClient, url: str) -> None:
    """Deletes the hooks of this connection, whatever their secret."""
    _deleted(client, [hook for hook in listed(client) if hook.url == url or _same_connection(hook.url, url)])


def _same_connection(one: str, other: str) -> bool:
    """`https://host/webhooks/main/cscart/<secret>`: equal but for the secret."""
    return _PATH in other and one.rpartition("/")[0] == other.rpartition("/")[0]


def _deleted(client: CsCartClient, hooks: Sequence[Hook]) -> None:
    _raise_first(client.many([client.delete_call(f"zapier_hooks/{hook.id}") for hook in hooks]))


def _raise_first(answers: Sequence[Json | SyncError]) -> None:
    for answer in answers:
        if isinstance(answer, SyncError):
            raise answer
