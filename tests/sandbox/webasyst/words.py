"""The shop's word index: `search/query=` is fuzzy, never an exact look-up (contract 3.2)."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.sandbox.webasyst.store import Shop

_CHUNK = 5000
_IGNORED = str.maketrans("", "", ",.!?«»\"'()[]<>|/")
_SPLIT = re.compile(r"[\s,;:]+|[.!?](?:\s+|$)")
_FORMS = re.compile(r"[/.!?|<>\[\]«»()-]")
_WEIGHTS = {"name": 90, "summary": 20, "description": 20, "tag": 30, "sku": 40, "type": 10}


def words_of(text: str) -> list[str]:
    found: list[str] = []
    for raw in _SPLIT.split(text):
        word = raw.translate(_IGNORED).lower()
        if word:
            found += [word, *_forms(word)]
    return list(dict.fromkeys(_stem(word) for word in found if word))


def _forms(word: str) -> list[str]:
    """Parts of compound words and their digits, so that `SEED-0001` is also `seed` and `0001`."""
    if word[0].isdigit():
        return []
    parts = [part for part in _FORMS.split(word) if part] if _FORMS.search(word) else []
    joined = ["".join(parts[: index + 1]) for index in range(len(parts))]
    return [*parts, *joined, *re.findall(r"\d+", word), *re.findall(r"\D+\d+", word)]


def _stem(word: str) -> str:
    """A coarse stand-in for the shop's stemmer: drops one common Russian or English ending."""
    if len(word) > 4 and re.fullmatch(r"[а-яё]+", word):
        return re.sub(r"(ами|ями|ого|его|ому|ему|ые|ие|ая|яя|ой|ый|ий|ов|ев|[аеёийоуыьэюя])$", "", word)
    return re.sub(r"(?<=[a-z]{3})(ing|es|s)$", "", word)


def reindex(shop: Shop, *product_ids: int) -> None:
    """Runs on product.add and product.update only; massUpdate and skus.* leave the index stale (M3)."""
    for product_id in product_ids:
        shop.run("DELETE FROM product_words WHERE product_id = ?", product_id)
        shop.run("DELETE FROM unindexed WHERE product_id = ?", product_id)
    sql = "INSERT INTO product_words(product_id, word, weight) VALUES (?, ?, ?)"
    shop.db.executemany(sql, _index_rows(shop, list(product_ids)))


def reindex_pending(shop: Shop) -> None:
    """Seeded products are indexed when somebody searches for the first time."""
    pending = [row[0] for row in shop.rows("SELECT product_id FROM unindexed")]
    for start in range(0, len(pending), _CHUNK):
        reindex(shop, *pending[start : start + _CHUNK])


def _index_rows(shop: Shop, ids: list[int]) -> Iterator[tuple[int, str, float]]:
    skus, tags = defaultdict(list), defaultdict(list)
    for sku in shop.in_ids("skus", "product_id", ids):
        skus[sku["product_id"]].append(sku)
    for tag in shop.in_ids("product_tags g JOIN tags t ON t.id = g.tag_id", "g.product_id", ids, "g.tag_id"):
        tags[tag["product_id"]].append(tag["name"])
    for product in shop.in_ids("products", "id", ids):
        index = _index_of(product, skus[product["id"]], tags[product["id"]])
        yield from ((product["id"], word, weight) for word, weight in index.items())


def _index_of(product: sqlite3.Row, skus: list[sqlite3.Row], tags: list[str]) -> dict[str, float]:
    index: dict[str, float] = {}
    for name in ("name", "summary", "description"):
        _add(index, words_of(re.sub(r"<[^>]*>", " ", product[name] or "")), _WEIGHTS[name])
    for sku in skus:
        _add_code(index, sku["sku"])
        _add(index, words_of(sku["name"]), _WEIGHTS["sku"], keep_greater=True)
    for tag in tags:
        _add(index, words_of(tag), _WEIGHTS["tag"])
    return index


def _add_code(index: dict[str, float], code: str) -> None:
    found = words_of(code)
    if len(found) < 2:
        return _add(index, found, _WEIGHTS["sku"], keep_greater=True)
    _add(index, [code.lower()], _WEIGHTS["sku"], keep_greater=True)
    _add(index, found, max(round(_WEIGHTS["sku"] / len(found)), _WEIGHTS["sku"] * 0.35), keep_greater=True)
    return None


def _add(index: dict[str, float], words: list[str], weight: float, *, keep_greater: bool = False) -> None:
    for word in words:
        known = index.get(word, 0)
        index[word] = max(known, weight) if keep_greater else known + weight


@dataclass(frozen=True, slots=True)
class Match:
    condition: str
    values: list[Any]
    columns: str
    column_values: list[Any]
    order: str


def search(shop: Shop, text: str) -> Match | None:
    """Products with any of the words, those with most of them first; None when no indexed word matches."""
    reindex_pending(shop)
    known = [word for word in words_of(text) if shop.value("SELECT 1 FROM product_words WHERE word = ? LIMIT 1", word)]
    if not known:
        return None
    marks = ", ".join("?" * len(known))
    condition = f"p.id IN (SELECT product_id FROM product_words WHERE word IN ({marks}))"
    scored = f"FROM product_words w WHERE w.product_id = p.id AND w.word IN ({marks})"
    columns = f", (SELECT SUM(weight) {scored}) AS weight"
    if len(known) == 1:
        return Match(condition, known, columns, known, "weight DESC, p.id")
    columns += f", (SELECT COUNT(*) {scored}) AS weight_count"
    return Match(condition, known, columns, known * 2, "weight_count DESC, weight DESC, p.id")
