"""What was fetched into the user's cache: a folder for each, with a record of what it holds."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

RECORD = "server.json"
"""The file that makes a folder one that was fetched: written last."""

_VERSION = re.compile(r"\bVer (\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True)
class Fetched:
    """Name one thing that was fetched, whole and usable here.

    Shape: ``product`` is its name, as ``netns-mysql fetch`` takes it; ``program`` is the absolute path of its main
    program, ``version_line`` what that printed as its version, ``version`` ``(major, minor, patch)``.
    """

    product: str
    folder: Path
    program: Path
    version_line: str
    version: tuple[int, int, int]


def fetched(cache: Path, product: str) -> Fetched | None:
    """Return the newest of a product that is whole in the cache, or None."""
    folders = [record.parent for record in cache.expanduser().absolute().glob(f"servers/*/{RECORD}")]
    found = [(one.version, _made(one.folder), one) for one in map(read, folders) if one and one.product == product]
    return max(found, key=lambda each: each[:2])[2] if found else None


def read(folder: Path) -> Fetched | None:
    """Read a folder's record; None where what it tells of is not usable here.

    The loader's path inside the programs is absolute, so a folder that was moved, or one shared with a machine of
    another kind, counts as none.
    """
    try:
        content = json.loads((folder / RECORD).read_bytes())
        line = content["version_line"]
        major, minor, patch = map(int, _VERSION.search(line).groups())  # type: ignore[union-attr]
        # Records of the first versions of this project are all of MySQL, and do not say so.
        product, program = content.get("product", "mysql"), folder / "bin" / content.get("program", "mysqld")
        usable = content["machine"] == os.uname().machine and folder.samefile(content["folder"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    if not usable or not program.is_file() or not os.access(program, os.X_OK):
        return None
    return Fetched(product, folder, program, line, (major, minor, patch))


def _made(folder: Path) -> int:
    return (folder / RECORD).stat().st_mtime_ns
