"""What was found out of servers that stay the same, kept in the user's cache."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from pytest_netns_mysql.errors import CacheError
from pytest_netns_mysql.mysql.cache.trust import make

_FILE = "identified.json"


def recall(cache: Path, name: str) -> dict[str, Any] | None:
    """Return what is remembered of a server, or None."""
    known = read_json(cache / _FILE).get(name)
    return known if isinstance(known, dict) else None


def remember(cache: Path, name: str, content: dict[str, Any]) -> None:
    """Keep something of a server; where the cache cannot be written, keep nothing."""
    path = cache / _FILE
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        make(path.parent)
        draft.write_text(json.dumps({**read_json(path), name: content}, indent=1) + "\n")
        draft.replace(path)
    except (OSError, CacheError):
        with contextlib.suppress(OSError):
            draft.unlink()


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file; an empty one where there is none that can be read."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
