"""Image pairs: how they are shown, replaced, downloaded and served."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from posixpath import basename
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from tests.sandbox.cscart import php, seeded
from tests.sandbox.cscart.shop import Row, Shop

_TIMEOUT = 5
_LARGEST = 20_000_000
_SIDE = 6000
_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"RIFF")


def of_products(shop: Shop, ids: list[int], base_url: str) -> dict[int, Row]:
    shown: dict[int, Row] = {key: {"main_pair": {}, "image_pairs": {}} for key in ids}
    found = shop.rows(
        "SELECT pair_id, image_id, product_id, type, position, file, alt, image_x, image_y FROM images"
        f" WHERE product_id IN ({php.marks(ids)}) ORDER BY position, pair_id",
        ids,
    )
    for row in [*found, *seeded.images(seeded.among(shop, ids))]:
        entry = shown[row["product_id"]]
        if row["type"] == "M":
            entry["main_pair"] = _pair(row, base_url)
        else:
            entry["image_pairs"][str(row["pair_id"])] = _pair(row, base_url)
    return shown


def _pair(row: Row, base_url: str) -> Row:
    relative = f"detailed/{row['image_id'] // 1000}/{row['file']}"
    url = f"{base_url}/images/{relative}"
    detailed = {
        "object_id": str(row["product_id"]),
        "object_type": "product",
        "type": "detailed",
        "image_path": url,
        "alt": row["alt"],
        "image_x": str(row["image_x"]),
        "image_y": str(row["image_y"]),
        "http_image_path": re.sub(r"^https:", "http:", url),
        "https_image_path": re.sub(r"^http:", "https:", url),
        "absolute_path": f"/var/www/html/images/{relative}",
        "relative_path": relative,
    }
    return {
        "pair_id": str(row["pair_id"]),
        "image_id": "0",
        "detailed_id": str(row["image_id"]),
        "position": str(row["position"]),
        "object_id": str(row["product_id"]),
        "object_type": "product",
        "detailed": detailed,
    }


def serve(shop: Shop, path: str) -> tuple[bytes, str] | None:
    """The bytes and the media type behind `/images/...`, or None."""
    match = re.search(r"/images/detailed/\d+/([^/]+)$", path)
    row = shop.row("SELECT image_id, content FROM images WHERE file=?", match[1]) if match else None
    unstored = re.fullmatch(r"product_(\d+)\.png", match[1]) if match and row is None else None
    if unstored and seeded.has_image(shop, int(unstored[1])):
        row = {"image_id": int(unstored[1]), "content": None}
    if row is None:
        return None
    content = row["content"] or png(row["image_id"])
    return content, _media_type(content)


def _media_type(content: bytes) -> str:
    kinds = {b"\x89PNG": "image/png", b"GIF8": "image/gif", b"RIFF": "image/webp"}
    return next((kind for sign, kind in kinds.items() if content.startswith(sign)), "image/jpeg")


def png(image_id: int) -> bytes:
    """A small picture no other id has."""
    side = 16
    colour = struct.pack(">I", (image_id * 2654435761) & 0xFFFFFFFF)[:3]
    scan = (b"\0" + colour * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"tEXt", b"Title\0image %d" % image_id), (b"IDAT", zlib.compress(scan)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def wanted_urls(body: Mapping[str, Any], base_url: str) -> list[str]:
    """Addresses elsewhere; the shop's own pictures are only looked for once the old ones are deleted."""
    pairs = [body.get("main_pair"), *php.values(body.get("image_pairs"))]
    paths = [_path(pair) for pair in pairs]
    return [path for path in paths if "://" in path and not path.startswith(f"{base_url}/images/")]


def download(url: str) -> bytes | None:
    """What the shop's server gets from the address, None for anything it would not keep."""
    with suppress(requests.RequestException, ValueError), requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, timeout=_TIMEOUT)
        if answer.ok and len(answer.content) <= _LARGEST and _is_image(answer.content):
            return answer.content
    return None


def _is_image(content: bytes) -> bool:
    return content.startswith(_SIGNATURES) and max(_size(content)) <= _SIDE


def _size(content: bytes) -> tuple[int, int]:
    if content.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", content[16:24].ljust(8, b"\0"))
        return width, height
    if content.startswith(b"GIF8"):
        width, height = struct.unpack("<HH", content[6:10].ljust(4, b"\0"))
        return width, height
    return 640, 480


def write(shop: Shop, product_id: int, body: Mapping[str, Any], downloads: Mapping[str, bytes | None]) -> None:
    """Deletes what is about to be replaced first; what then fails to load is gone (trap 9)."""
    if "main_pair" in body:
        shop.run("DELETE FROM images WHERE product_id=? AND type='M'", product_id)
        _add(shop, product_id, "M", body["main_pair"], downloads)
    if "image_pairs" in body:
        shop.run("DELETE FROM images WHERE product_id=? AND type='A'", product_id)
        for pair in php.values(body["image_pairs"]):
            _add(shop, product_id, "A", pair, downloads)
    _promote(shop, product_id)


def _promote(shop: Shop, product_id: int) -> None:
    if shop.row("SELECT 1 FROM images WHERE product_id=? AND type='M'", product_id):
        return
    first = shop.value("SELECT pair_id FROM images WHERE product_id=? ORDER BY position, pair_id", product_id)
    shop.run("UPDATE images SET type='M' WHERE pair_id=?", first)


def _path(pair: Any) -> str:
    detailed = pair.get("detailed") if isinstance(pair, dict) else None
    return str(detailed.get("image_path") or "") if isinstance(detailed, dict) else ""


def _add(shop: Shop, product_id: int, kind: str, pair: Any, downloads: Mapping[str, bytes | None]) -> None:
    path = _path(pair)
    content = downloads[path] if path in downloads else _on_server(shop, path)
    if content is None:
        return
    width, height = _size(content)
    highest = (
        "SELECT max((SELECT coalesce(max(image_id),0) FROM images), coalesce((SELECT seq FROM sqlite_sequence WHERE name='images'),0))+1"
    )
    image_id = int(shop.value(highest))
    values = {
        "image_id": image_id,
        "product_id": product_id,
        "type": kind,
        "position": php.to_int(pair.get("position", 0)),
        "file": _file_name(shop, path, image_id),
        "alt": str(pair["detailed"].get("alt") or ""),
        "image_x": width,
        "image_y": height,
        "content": content,
    }
    shop.insert("images", values)


def _on_server(shop: Shop, path: str) -> bytes | None:
    found = serve(shop, f"/images/{path.rpartition('images/')[2]}") if path else None
    return found[0] if found else None


def _file_name(shop: Shop, path: str, image_id: int) -> str:
    last = basename(path)
    plain = unquote(basename(urlsplit(path).path))
    if not plain or "?" in last or "&" in last:
        return f"image_{image_id}.png"
    name = re.sub(r"[^\w.-]+", "_", plain)
    if shop.row("SELECT 1 FROM images WHERE file=?", name):
        stem, dot, extension = name.rpartition(".")
        return f"{stem or extension}_{image_id}{dot}{extension if stem else ''}"
    return name
