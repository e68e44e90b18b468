"""How the shop words its answers: JSON with escaped slashes, XML, JSONP, errors, localised texts."""

from __future__ import annotations

import json
from html import escape as html_escape
from typing import Any
from xml.sax.saxutils import escape as xml_escape

from tests.sandbox.httpd import Response

HTML = ("Content-Type", "text/html; charset=utf-8")
JSON = ("Content-Type", "application/json; charset=utf-8")
XML = ("Content-Type", "text/xml; charset=utf-8")
JSONP = ("Content-Type", "text/javascript; charset=utf-8")


class ApiError(Exception):
    """An answer with an `error` key. Many of them come with HTTP 200 (trap W6)."""

    def __init__(self, code: str, description: str | None = None, status: int = 200, **extra: Any) -> None:
        super().__init__(code)
        self.code, self.description, self.status, self.extra = code, description, status, extra


class Fatal(Exception):
    """A PHP fatal error: 500 with an empty text/html body (trap W38)."""


def missing(name: str) -> ApiError:
    return ApiError("invalid_param", f"Required parameter is missing: “{name}”.", 400)


def invalid(name: str) -> ApiError:
    return ApiError("invalid_param", f"Invalid value of parameter “{name}”.")


def not_found(what: str) -> ApiError:
    return ApiError("invalid_param", f"{what} not found.", 404)


def denied(description: str | None = None, status: int = 403) -> ApiError:
    return ApiError("access_denied", description, status)


def php_map(values: dict[str, Any]) -> dict[str, Any] | list[Any]:
    """A PHP array in JSON: `[]` when empty, a list when its keys happen to be 0..n-1 (trap W11)."""
    if list(values) == [str(index) for index in range(len(values))]:
        return list(values.values())
    return values


def escaped_compat(value: Any) -> Any:
    """order.search leaves single quotes alone."""
    return escaped(value).replace("&#039;", "'") if isinstance(value, str) else value


def escaped(value: Any) -> Any:
    return html_escape(value, quote=True).replace("&#x27;", "&#039;") if isinstance(value, str) else value


def render(value: Any, kind: str = "JSON", status: int = 200, callback: str = "") -> Response:
    if kind == "XML":
        return Response(status, to_xml(value).encode(), (XML,))
    body = to_json(value)
    if callback:
        return Response(200, f"{callback}({body});".encode(), (JSONP,))
    return Response(status, body.encode(), (JSON,))


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")


def to_xml(value: Any) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<response>"]
    _xml_lines(value, "  ", lines)
    return "\n".join([*lines, "</response>", ""])


def _xml_lines(value: Any, indent: str, lines: list[str], element: str = "_element") -> None:
    pairs = value.items() if isinstance(value, dict) else ((element, one) for one in _elements(value))
    for name, one in pairs:
        tag = str(name) if not str(name)[:1].isdigit() else f"_{name}"
        if isinstance(one, dict | list):
            if one:
                lines.append(f"{indent}<{tag}>")
                _xml_lines(one, indent + "  ", lines, _singular(tag))
                lines.append(f"{indent}</{tag}>")
        elif one is None or one == "":
            lines.append(f"{indent}<{tag}/>")
        else:
            lines.append(f"{indent}<{tag}>{xml_escape(str(one))}</{tag}>")


def _singular(name: str) -> str:
    return name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")


def _elements(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def error_body(error: ApiError, locale: str) -> dict[str, Any]:
    body: dict[str, Any] = {"error": error.code, **error.extra}
    if error.description is not None:
        body["error_description"] = localised(error.description, locale)
    return body


_RUSSIAN = {
    "Product not found.": "Товар не найден.",
    "Order not found.": "Заказ не найден.",
    "Product variant not found.": "Артикул товара не найден.",
    "Category not found.": "Категория не найдена.",
    "Action not available to user.": "Действие недоступно пользователю.",
    "Available action not found for the specified order.": "Не найдено доступное действие для указанного заказа.",
    "No data to update.": "Нет данных для обновления.",
    "Order items not found.": "Не найдены позиции заказа.",
    "New product": "Новый товар",
    "Required parameter is missing: “": "Отсутствует обязательный параметр: «",
    "Invalid value of parameter “": "Недопустимое значение параметра «",
}


def localised(text: str, locale: str) -> str:
    """Texts follow the locale of the token's user: nobody may match on them (trap W7)."""
    if locale != "ru_RU":
        return text
    if text in _RUSSIAN:
        return _RUSSIAN[text]
    head, quote, rest = text.partition("“")
    return _RUSSIAN[head + quote] + rest.replace("”", "»") if head + quote in _RUSSIAN else text
