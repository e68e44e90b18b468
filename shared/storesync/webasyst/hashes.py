"""The search language of `hash`. Its product strings are URL-decoded twice (W13), and a condition it does not know returns everything (W12)."""

from urllib.parse import quote


def product_value(value: str) -> str:
    """A value inside a product condition: `&` is escaped for the language, `+` and `%` for the second decoding."""
    return quote(value.replace("&", "\\&"), safe=" ").replace("%5C%26", "\\%26")


def order_value(value: str) -> str:
    return value.replace("&", "\\&")


def ids(values: list[str]) -> str:
    return "id/" + ",".join(values)
