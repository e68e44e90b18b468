"""What a connection may be called, as its name stands in keys, addresses and paths of secrets."""

import re

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text))
