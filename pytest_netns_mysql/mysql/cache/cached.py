"""Fetched servers in the user's cache: a folder for each, with a record of its contents."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_netns_mysql.errors import ServerNotFoundError
from pytest_netns_mysql.mysql.cache import manifest, noexec
from pytest_netns_mysql.mysql.cache.trust import check
from pytest_netns_mysql.mysql.cache.versionline import WORDS, ask, read_json
from pytest_netns_mysql.mysql.versions import Version, find_version

RECORD = "server.json"
"""The name of the record, which is written last: a folder without a record is incomplete."""

REMOVED = ".removed"
"""The end of the name of a folder that is being removed, or whose removal was killed."""


@dataclass(frozen=True)
class Fetched:
    """A fetched product that is complete and runs on this machine.

    Attributes:
        product: The product's name for ``netns-mysql fetch``.
        folder: The folder in the cache.
        program: The absolute path of the main program.
        version_line: The line that the program prints as its version.
        version: The version, such as (9, 7, 4).
    """

    product: str
    folder: Path
    program: Path
    version_line: str
    version: Version


def fetched(cache: Path, product: str) -> Fetched | None:
    """Return the newest complete version of a product in the cache, or None.

    Args:
        cache: The user's cache folder.
        product: The product's name for ``netns-mysql fetch``.

    Raises:
        CacheError: Another user could have written to the cache.
    """
    versions = [each for each in map(read, _folders(cache)) if each is not None and each.product == product]
    versions.sort(key=lambda each: (each.version, _fetched_at(each.folder)), reverse=True)
    return next((each for each in versions if fault(each) is None), None)


def looked_for(cache: Path, product: str, title: str) -> list[str]:
    """Return where a product was looked for in the cache, if it was not found, as lines of an error.

    Args:
        cache: The user's cache folder.
        product: The product's name for ``netns-mysql fetch``.
        title: What was not found, such as ``server``.
    """
    records = {folder: read_json(folder / RECORD) for folder in _folders(cache)}
    elsewhere = [
        f"{folder} was fetched as {record.get('folder')}, and runs only there"
        for folder, record in records.items()
        if belongs_elsewhere(folder) and record.get("product", "mysql") == product
    ]
    ours = [each for each in map(read, records) if each is not None and each.product == product]
    elsewhere += [f"{each.folder} is damaged: {reason}" for each in ours if (reason := fault(each))]
    if noexec.is_noexec(cache / "servers"):
        return [*elsewhere, f"{cache / 'servers'}: {noexec.FAULT}"]
    return elsewhere or [f"{cache / 'servers'}: no {title} fetched earlier"]


def _folders(cache: Path) -> list[Path]:
    try:
        folders = [record.parent for record in cache.expanduser().absolute().glob(f"servers/*/{RECORD}")]
    except PermissionError:  # nothing can be used; before Python 3.13 a folder that is closed raises this error
        return []
    return [folder for folder in folders if not folder.name.endswith(REMOVED)]


def fault(found: Fetched) -> str | None:
    """Return how a fetched product is damaged, or None.

    The first call runs the program and writes a manifest. Later calls compare the files with the manifest, which takes
    a millisecond.
    """
    if manifest.exists(found.folder):
        return manifest.fault(found.folder)
    if not os.access(found.folder, os.W_OK):
        return None  # a cache that belongs to root and that others use
    try:
        ask(found.program, (), words=("--version",) if found.product == "router" else WORDS)
        manifest.write(found.folder, with_content=False)
    except ServerNotFoundError as error:
        return error.what
    except OSError as error:
        return str(error)
    return None


def drop_damaged(cache: Path, product: str, progress: Callable[[str], None]) -> None:
    """Remove the records of damaged folders, so that the next fetch fetches the product again.

    The calling process holds the lock on the servers of the cache.

    Args:
        cache: The user's cache folder.
        product: The product's name for ``netns-mysql fetch``.
        progress: Takes a line of text for each damaged folder.
    """
    for folder in _folders(cache):
        found = read(folder)
        if found is None:
            reason = "its program is missing or not executable" if _is_for_this_machine(folder, product) else None
        else:
            reason = fault(found) if found.product == product else None
        if reason is not None:
            progress(f"{folder} in the cache is damaged ({reason}): it is fetched again")
            (folder / RECORD).unlink(missing_ok=True)


def _is_for_this_machine(folder: Path, product: str) -> bool:
    content = read_json(folder / RECORD)
    return _is_at_home(folder, content) and content.get("product", "mysql") == product


def _is_at_home(folder: Path, content: Mapping[str, object]) -> bool:
    try:
        return content.get("machine") == os.uname().machine and folder.samefile(str(content.get("folder")))
    except (OSError, ValueError):  # ValueError: a damaged record has a NUL in the path
        return False


def belongs_elsewhere(folder: Path) -> bool:
    """Return True if a folder's record says that it was made for another path or another kind of machine.

    A home folder that several machines share may have another path on each.
    """
    content = read_json(folder / RECORD)
    return "folder" in content and not _is_at_home(folder, content)


def read(folder: Path) -> Fetched | None:
    """Return the product in a folder, or None if the folder has no record or does not run on this machine.

    The programs contain the absolute path of their loader, so a folder that was moved does not run. Raises CacheError
    if users other than this user and root could have written to the folder.
    """
    if not (folder / RECORD).exists():
        return None
    check(folder)
    try:
        content = json.loads((folder / RECORD).read_bytes())
        line = content["version_line"]
        version = find_version(line)
        # The records of the first versions of this project, all for MySQL, have no product.
        product, program = content.get("product", "mysql"), folder / "bin" / content.get("program", "mysqld")
        usable = content["machine"] == os.uname().machine and folder.samefile(content["folder"])
    except (OSError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None
    if version is None or not usable or not program.is_file() or not os.access(program, os.X_OK):
        return None
    for path in (program, folder / "lib"):
        check(path)
    return Fetched(product, folder, program, line, version)


def _fetched_at(folder: Path) -> int:
    return (folder / RECORD).stat().st_mtime_ns
