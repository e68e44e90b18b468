"""Secrets and personal data are cut out before anything is logged."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

LIMIT, MARGIN = 20_000, 2_000
_MASK = "***"
_NAMES = (
    "access_token|token|api_key|key|password|secret|client_id|code|email|phone|firstname|lastname|middlename|address|address_2|street|city|zip|zipcode"
    "|b_[a-z_]+|s_[a-z_]+|payment_info|card_number|ip_address|ip|entropy|auth_code|auth_pin|user_agent|company|customer|contact|contact_full|fax|url_hash|hook_url"
    "|comment|notes|details|contact_name|contact_email|contact_phone|contact_phone_formatted"
)
# What is open at the end was cut there. Possessive, so that no body is slow to search; objects in objects as deep as stores nest them.
_STRING = r'"(?:[^"\\]|\\.)*+(?:"|\\?$)'
_LIST = r"\[(?:[^\[\]]++|\[[^\[\]]*+(?:\]|$))*+(?:\]|$)"
_LEVEL_1 = r"\{[^{}]*+(?:\}|$)"
_LEVEL_2 = rf"\{{(?:[^{{}}]++|{_LEVEL_1})*+(?:\}}|$)"
_LEVEL_3 = rf"\{{(?:[^{{}}]++|{_LEVEL_2})*+(?:\}}|$)"
_OBJECT = rf"\{{(?:[^{{}}]++|{_LEVEL_3})*+(?:\}}|$)"
_JSON_TEXT = re.compile(rf'("(?:{_NAMES})"\s*:\s*)({_STRING}|{_LIST}|{_OBJECT})', re.IGNORECASE)
_JSON_NUMBER = re.compile(r'("(?:phone|fax|zip|zipcode|password|token|api_key|card_number|cvv2?)"\s*:\s*)-?[\d.]+', re.IGNORECASE)
# A whole name stands before its parts, or where the text was cut; a product's name does not.
_JSON_WHOLE_NAME = re.compile(rf'("name"\s*:\s*){_STRING}(?=\s*,\s*"(?:first|middle|last)name"|\s*,?\s*(?:"[a-z]*)?$)')
_JSON_DOTTED = re.compile(rf'("(?:shipping_address|billing_address)\.[a-z_]+"\s*:\s*){_STRING}', re.IGNORECASE)
_KEY = rf"[^=&]*?address[^=&]*|(?:[^=&]*(?:\[|%5B))?(?:{_NAMES})(?:\]|%5D)?(?:(?:\[|%5B)[^=&]*)?"
_FORM = re.compile(rf"((?:^|&)(?=[^=&]*+=)(?:{_KEY})=)[^&]*", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE = re.compile(r"(?<![\w.])\+\d[\d\s()-]{8,}\d")


def redact(text: str, secrets: Collection[str] = ()) -> str:
    """Idempotent. Field names stay, so that a reader still sees what was sent."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, _MASK)
    text = _JSON_TEXT.sub(rf'\1"{_MASK}"', text)
    text = _JSON_NUMBER.sub(rf'\1"{_MASK}"', text)
    text = _JSON_DOTTED.sub(rf'\1"{_MASK}"', text)
    text = _JSON_WHOLE_NAME.sub(rf'\1"{_MASK}"', text)
    text = _FORM.sub(rf"\1{_MASK}", text)
    text = _MAIL.sub(_MASK, text) if "@" in text or "%40" in text else text
    return _PHONE.sub(_MASK, text)


def path_of(url: str, params: tuple[tuple[str, str], ...], secrets: Collection[str] = ()) -> str:
    query = "&".join(f"{name}={value}" for name, value in params)
    path = urlsplit(url).path
    return redact(f"{path}?{query}" if query else path, secrets)[:2000]


def head(body: bytes, secrets: Collection[str] = ()) -> str:
    """The first part of a body, redacted before it is cut so that no half of a secret stays."""
    return redact(body[: LIMIT + MARGIN].decode("utf-8", errors="replace"), secrets)[:LIMIT]
