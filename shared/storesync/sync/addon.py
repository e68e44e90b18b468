"""The companion add-on of CS-Cart, packed for a connection: upload it in the shop, and it tells at once what changed."""

import io
import zipfile
from html import escape
from pathlib import Path

NAME = "storesync_hints"
_MANIFEST = f"app/addons/{NAME}/addon.xml"
_MADE = (2026, 1, 1, 0, 0, 0)


def address(public_url: str, connection: str) -> str:
    """Where signed hints of a CS-Cart shop go."""
    return f"{public_url.rstrip('/')}/webhooks/{connection}/cscart"


def archive(folder: Path, *, endpoint: str, secret: str, sync_email: str) -> bytes:
    """A zip of the add-on's folder, with its settings filled in: the same input gives the same bytes. Holds the secret, so never log it.

    Calls of the administrator `sync_email` are the synchroniser's own; the add-on keeps silent about them.
    """
    filled = {"@ENDPOINT@": endpoint, "@SECRET@": secret, "@SYNC_EMAIL@": sync_email}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in sorted(item for item in folder.rglob("*") if item.is_file()):
            name, text = path.relative_to(folder).as_posix(), path.read_text("utf-8")
            if name == _MANIFEST:
                for mark, value in filled.items():
                    text = text.replace(mark, escape(value, quote=False))
            entry = zipfile.ZipInfo(name, _MADE)
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
