"""`shop.product.images.*`: uploads only, no de-duplication, nothing here moves the product's stamp (trap W41)."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Any

from tests.sandbox.webasyst.answers import ApiError, missing, not_found
from tests.sandbox.webasyst.phpform import Upload, as_int, as_list, as_text, truthy
from tests.sandbox.webasyst.rights import check_type_right, get_product, required_form, required_query
from tests.sandbox.webasyst.schema import Row, printed
from tests.sandbox.webasyst.store import Call

_JPEG_SIZES = (0xC0, 0xC1, 0xC2, 0xC3)


def thumb_size() -> str:
    return "200x0"


def image_url(call: Call, product_id: int, image_id: int, ext: str, size: str) -> str:
    folder = f"{product_id % 100:02d}/{product_id // 100 % 100:02d}/{product_id}"
    return f"{call.base_url}wa-data/public/shop/products/{folder}/images/{image_id}/{image_id}.{size}.{ext}"


def image_row(call: Call, row: sqlite3.Row) -> Row:
    view: Row = printed("images", row)
    view["edit_datetime_ts"] = None
    view["url_thumb"] = image_url(call, row["product_id"], row["id"], row["ext"], thumb_size())
    return view


def described(rows: list[Row], name: str) -> list[Row]:
    """A missing description falls back to the product's name in lists."""
    return [{**row, "description": row["description"] or name} for row in rows]


def _with_urls(call: Call, row: sqlite3.Row) -> Row:
    view: Row = printed("images", row)
    for key, size in (("url_thumb", thumb_size()), ("url_big", "750x0")):
        view[key] = image_url(call, row["product_id"], row["id"], row["ext"], size)
    return view


def add(call: Call) -> Row:
    product = _checked_product(call)
    files = call.files.get("file")
    if not files:
        raise ApiError("server_error", "No file uploaded.", 500)
    return _store(call, product, files[0], call.form.get("description"))


def add_many(call: Call) -> list[Row]:
    product = _checked_product(call)
    files = call.files.get("files")
    if not files:
        raise ApiError("invalid_param", "Missing required parameter: “files”.", 400)
    texts = as_list(call.form.get("descriptions"))
    return [_store(call, product, file, texts[n] if n < len(texts) else None) for n, file in enumerate(files)]


def _checked_product(call: Call) -> sqlite3.Row:
    product = get_product(call, as_int(required_query(call, "product_id")))
    check_type_right(call, product["type_id"])
    return product


def _store(call: Call, product: sqlite3.Row, file: Upload, description: Any) -> Row:
    kind, width, height = measure(file.body)
    if not kind:
        raise ApiError("server_error", f"Not an image or invalid image: /tmp/php{secrets.token_hex(3)}", 500)
    shop, product_id = call.shop, product["id"]
    sort = shop.value("SELECT IFNULL(MAX(sort), -1) + 1 FROM images WHERE product_id = ?", product_id)
    ext = file.filename.rpartition(".")[2].lower() if "." in file.filename else kind
    values = {
        "product_id": product_id, "upload_datetime": shop.stamp(), "description": description or None, "sort": sort,
        "width": width, "height": height, "size": len(file.body), "original_filename": file.filename, "ext": ext,
    }  # fmt: skip
    image_id = shop.insert("images", values)
    shop.run("INSERT INTO image_files(image_id, body) VALUES (?, ?)", image_id, file.body)
    if not product["image_id"] or not shop.by_id("images", product["image_id"]):
        shop.update("products", product_id, {"image_id": image_id, "ext": ext, "image_filename": ""})
    stored = shop.by_id("images", image_id)
    assert stored
    return _with_urls(call, stored)


def measure(body: bytes) -> tuple[str, int, int]:
    """Kind, width and height of PNG, GIF, JPEG and WebP; an empty kind means: not an image."""
    if body[:8] == b"\x89PNG\r\n\x1a\n" and len(body) >= 24:
        return "png", int.from_bytes(body[16:20], "big"), int.from_bytes(body[20:24], "big")
    if body[:6] in (b"GIF87a", b"GIF89a"):
        return "gif", int.from_bytes(body[6:8], "little"), int.from_bytes(body[8:10], "little")
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "webp", 1, 1
    return ("jpg", *_measure_jpeg(body)) if body[:3] == b"\xff\xd8\xff" else ("", 0, 0)


def _measure_jpeg(body: bytes) -> tuple[int, int]:
    position = 2
    while position + 9 < len(body) and body[position] == 0xFF:
        if body[position + 1] in _JPEG_SIZES:
            height = int.from_bytes(body[position + 5 : position + 7], "big")
            return int.from_bytes(body[position + 7 : position + 9], "big"), height
        position += 2 + int.from_bytes(body[position + 2 : position + 4], "big")
    return 1, 1


def get_list(call: Call) -> list[Row]:
    product = get_product(call, as_int(required_query(call, "product_id")))
    rows = call.shop.rows("SELECT * FROM images WHERE product_id = ? ORDER BY sort, id", product["id"])
    return described([image_row(call, row) for row in rows], product["name"])


def get_info(call: Call) -> Row:
    return _with_urls(call, _get(call, required_query(call, "id")))


def _get(call: Call, image_id: Any) -> sqlite3.Row:
    row = call.shop.by_id("images", as_int(image_id))
    if not row:
        raise not_found("Product image")
    return row


def delete(call: Call) -> bool:
    image = _get(call, required_form(call, "id"))
    product = get_product(call, image["product_id"])
    check_type_right(call, product["type_id"])
    _remove(call, image["id"], product)
    return True


def _remove(call: Call, image_id: int, product: sqlite3.Row) -> None:
    shop = call.shop
    shop.run("DELETE FROM images WHERE id = ?", image_id)
    shop.run("DELETE FROM image_files WHERE image_id = ?", image_id)
    if product["image_id"] == image_id:
        first = shop.row("SELECT * FROM images WHERE product_id = ? ORDER BY sort, id LIMIT 1", product["id"])
        values = {"image_id": first["id"], "ext": first["ext"]} if first else {"image_id": None, "ext": None}
        shop.update("products", product["id"], values)


def sort(call: Call) -> Row:
    """The first id becomes the main image, but the product's `ext` stays as it was (contract 3.7)."""
    ids = [as_int(value) for value in as_list(call.form.get("photo_ids"))]
    if not ids:
        raise missing("photo_ids")
    product = get_product(call, _get(call, ids[0])["product_id"])
    check_type_right(call, product["type_id"])
    for position, image_id in enumerate(ids):
        call.shop.run("UPDATE images SET sort = ? WHERE id = ? AND product_id = ?", position, image_id, product["id"])
    call.shop.update("products", product["id"], {"image_id": ids[0]})
    return {"status": "ok"}


def update(call: Call) -> bool:
    """Deletes every image that is not listed (trap W41)."""
    product = _checked_product(call)
    listed = {as_int(row.get("id")): row for row in as_list(call.form.get("images")) if isinstance(row, dict)}
    for row in call.shop.rows("SELECT id FROM images WHERE product_id = ?", product["id"]):
        if row["id"] not in listed:
            _remove(call, row["id"], get_product(call, product["id"]))
        elif truthy(listed[row["id"]].get("description")):
            call.shop.update("images", row["id"], {"description": as_text(listed[row["id"]]["description"])})
    return True


METHODS = {
    "shop.product.images.add": ("POST", add),
    "shop.product.images.addMany": ("POST", add_many),
    "shop.product.images.getList": ("GET", get_list),
    "shop.product.images.getInfo": ("GET", get_info),
    "shop.product.images.delete": ("POST", delete),
    "shop.product.images.sort": ("POST", sort),
    "shop.product.images.update": ("POST", update),
}
