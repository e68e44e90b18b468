"""The companion add-on as it is packed: its folder whole, its settings filled in, the same bytes for the same input."""

import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree

from storesync.sync import addon

MANIFEST = f"app/addons/{addon.NAME}/addon.xml"


def folder(tmp_path: Path) -> Path:
    manifest = tmp_path / MANIFEST
    manifest.parent.mkdir(parents=True)
    manifest.write_text("<addon><a>@ENDPOINT@</a><b>@SECRET@</b><c>@SYNC_EMAIL@</c></addon>", "utf-8")
    (tmp_path / "app" / "b.php").write_text("<?php // @SECRET@ stays, Ё", "utf-8")
    (tmp_path / "empty").mkdir()
    return tmp_path


def packed(place: Path, **changed: str) -> bytes:
    return addon.archive(
        place, **{"endpoint": "https://a.example.com/?x=1&y=<2>", "secret": "whsec_a+b/c=", "sync_email": "a&b@example.com", **changed}
    )


def test_the_settings_are_filled_in_and_escaped_in_the_manifest_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(packed(folder(tmp_path)))) as bundle:
        assert bundle.namelist() == [MANIFEST, "app/b.php"]
        found = ElementTree.fromstring(bundle.read(MANIFEST))
        assert [found.findtext(name) for name in "abc"] == ["https://a.example.com/?x=1&y=<2>", "whsec_a+b/c=", "a&b@example.com"]
        assert bundle.read("app/b.php").decode() == "<?php // @SECRET@ stays, Ё"
        for entry in bundle.infolist():
            assert (entry.date_time, entry.external_attr >> 16, entry.compress_type) == ((2026, 1, 1, 0, 0, 0), 0o644, zipfile.ZIP_DEFLATED)


def test_the_same_input_gives_the_same_bytes_and_another_secret_others(tmp_path: Path) -> None:
    place = folder(tmp_path)
    assert packed(place) == packed(place) != packed(place, secret="other")


def test_hints_of_a_shop_go_to_the_hook_of_its_connection() -> None:
    for public in ("https://api.example.net", "https://api.example.net/"):
        assert addon.address(public, "main") == "https://api.example.net/webhooks/main/cscart"
    assert addon.address("https://api.example.net/X/", "main") == "https://api.example.net/X/webhooks/main/cscart"
