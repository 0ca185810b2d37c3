"""Keys and values as a TOML file has them, for the messages about a topology."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from pytest_netns_mysql.errors import in_short


def toml_key(name: object) -> str:
    """Return a key as TOML has it: quoted where a bare key would not do."""
    text = name if isinstance(name, str) else in_short(name)
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _quoted(text)


def toml_line(name: str, value: object) -> str:
    """Return a key and its value as one line of TOML."""
    if isinstance(value, Mapping):
        return f"{name} = {{{', '.join(toml_line(toml_key(key), entry) for key, entry in value.items())}}}"
    return f"{name} = {_quoted(value)}"


def _quoted(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in text)
