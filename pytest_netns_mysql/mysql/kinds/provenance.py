"""A server's product, version and source in words, for the line after collection and for reports of failures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.mysql.cache.cached import RECORD
from pytest_netns_mysql.mysql.mysqld.kind import title
from pytest_netns_mysql.mysql.versions import format_version

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.kind import Kind


def provenance(kind: Kind) -> str:
    """Return product, version and place of a server, and the package source that it was fetched from."""
    source = _source(Path(kind.name))
    fetched = f", fetched from {source}" if source else ""
    return f"{title(kind)} {format_version(kind.version)} ({kind.name}{fetched})"


def _source(program: Path) -> str:
    """Return the package source that a program in the cache was fetched from, or '' for any other program."""
    try:
        source = json.loads((program.parent.parent / RECORD).read_bytes()).get("source", "")
    except (OSError, ValueError, RecursionError, AttributeError):
        return ""
    return source if isinstance(source, str) else ""
