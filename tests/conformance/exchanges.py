"""The recorded exchanges, and how a recording becomes a request again."""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from pathlib import Path
from typing import Any

from tests.sandbox.faults import Request

RECORDINGS = Path(__file__).parents[1] / "recordings" / "webasyst"
_PART = re.compile(r"(\w+(?:\[\])?) \((?:(\S+\.\w+), (\d+) bytes|text, (\d+) bytes)\)")
_BOUNDARY = "recorded-boundary"
_TEXTS = {"descriptions[]": "d1", "description": "Фото"}
_TOO_LARGE = 65 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Exchange:
    number: int
    name: str
    recorded_at: float
    request: dict[str, Any]
    response: dict[str, Any]

    @property
    def title(self) -> str:
        return f"{self.number:03d}-{self.name}"

    def header(self, name: str) -> str:
        return next((value for key, value in self.response["headers"] if key.lower() == name), "")


def load() -> list[Exchange]:
    return [_read(path) for path in sorted(RECORDINGS.glob("*.json"))]


def _read(path: Path) -> Exchange:
    raw = json.loads(path.read_text(encoding="utf-8"))
    moment = datetime.fromisoformat(raw["recorded_at"]).timestamp()
    return Exchange(int(path.name[:3]), raw["name"], moment, raw["request"], raw["response"])


def build(exchange: Exchange, renamed: dict[str, str]) -> Request:
    """`renamed` maps recorded codes, tokens and cookies to those the sandbox handed out instead."""
    sent = exchange.request
    headers, body = Message(), _translated(sent["body"], renamed).encode()
    for name, value in sent["headers"].items():
        headers[name] = _translated(value, renamed)
    if sent["body"].startswith("<multipart:"):
        del headers["Content-Type"]
        headers["Content-Type"] = f"multipart/form-data; boundary={_BOUNDARY}"
        body = _multipart(sent["body"])
    elif exchange.name == "err-post-too-large":
        body = b"name=x&description=" + b"x" * _TOO_LARGE
    return Request(sent["method"], sent["path"], _translated(sent["query"], renamed), headers, body)


def _translated(text: str, renamed: dict[str, str]) -> str:
    for recorded, own in renamed.items():
        text = text.replace(recorded, own)
    return text


def _multipart(placeholder: str) -> bytes:
    parts = []
    for name, filename, size, _ in _PART.findall(placeholder):
        disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
        content = _file(int(size)) if filename else _TEXTS[name].encode()
        parts.append(f"--{_BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n")
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def _file(size: int) -> bytes:
    """Only sizes were recorded: the twelve bytes were no image, the others PNGs of 40x30 and 20x20."""
    if size < 100:
        return b"not an image"[:size]
    return png(*((40, 30) if size > 1000 else (20, 20)), size)


def png(width: int, height: int, size: int) -> bytes:
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", width, height)
    return head + b"\x08\x02\x00\x00\x00" + b"\x01" * (size - len(head) - 5)
