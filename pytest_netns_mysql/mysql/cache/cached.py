"""What was fetched into the user's cache: a folder for each, with a record of what it holds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pytest_netns_mysql.errors import ServerNotFoundError
from pytest_netns_mysql.mysql.cache import manifest
from pytest_netns_mysql.mysql.cache.trust import check
from pytest_netns_mysql.mysql.cache.versionline import WORDS, ask, read_json
from pytest_netns_mysql.mysql.versions import Version, find_version

RECORD = "server.json"
"""The file that makes a folder one that was fetched: written last."""


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
    version: Version


def fetched(cache: Path, product: str) -> Fetched | None:
    """Return the newest of a product that is whole in the cache, or None.

    Raises CacheError where others could have put it there.
    """
    found = [(one.version, _made(one.folder), one) for one in map(read, _folders(cache)) if one]
    of_it = sorted((each for each in found if each[2].product == product), key=lambda each: each[:2], reverse=True)
    return next((one for _, _, one in of_it if fault(one) is None), None)


def _folders(cache: Path) -> list[Path]:
    return [record.parent for record in cache.expanduser().absolute().glob(f"servers/*/{RECORD}")]


def fault(found: Fetched) -> str | None:
    """Return how something that was fetched is damaged, or None.

    The first time its program is run, later its files are compared with what they were then, which takes a millisecond.
    """
    if manifest.exists(found.folder):
        return manifest.fault(found.folder)
    if not os.access(found.folder, os.W_OK):
        return None  # a cache of root's, which others use
    try:
        ask(found.program, (), words=("--version",) if found.product == "router" else WORDS)
        manifest.write(found.folder, with_content=False)
    except ServerNotFoundError as error:
        return error.what
    except OSError as error:
        return str(error)
    return None


def drop_damaged(cache: Path, product: str, progress: Callable[[str], None]) -> None:
    """Have what is damaged in the cache fetched again by the next fetch, and ``progress`` name it."""
    for folder in _folders(cache):
        found = read(folder)
        if found is None:
            why = "its program is missing or not executable" if _is_at_home(folder, product) else None
        else:
            why = fault(found) if found.product == product else None
        if why is not None:
            progress(f"{folder} in the cache is damaged ({why}): it is fetched again")
            (folder / RECORD).unlink(missing_ok=True)


def _is_at_home(folder: Path, product: str) -> bool:
    content = read_json(folder / RECORD)
    try:
        is_here = content.get("machine") == os.uname().machine and folder.samefile(str(content.get("folder")))
    except OSError:
        return False
    return is_here and content.get("product", "mysql") == product


def read(folder: Path) -> Fetched | None:
    """Read a folder's record; None where what it tells of is not usable here.

    The loader's path inside the programs is absolute, so a folder that was moved, or one shared with a machine of
    another kind, counts as none. Raises CacheError where others than this user and root could have written in it.
    """
    if not (folder / RECORD).exists():
        return None
    check(folder)
    try:
        content = json.loads((folder / RECORD).read_bytes())
        line = content["version_line"]
        version = find_version(line)
        # Records of the first versions of this project are all of MySQL, and do not say so.
        product, program = content.get("product", "mysql"), folder / "bin" / content.get("program", "mysqld")
        usable = content["machine"] == os.uname().machine and folder.samefile(content["folder"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    if version is None or not usable or not program.is_file() or not os.access(program, os.X_OK):
        return None
    for inside in (program, folder / "lib"):
        check(inside)
    return Fetched(product, folder, program, line, version)


def _made(folder: Path) -> int:
    return (folder / RECORD).stat().st_mtime_ns
