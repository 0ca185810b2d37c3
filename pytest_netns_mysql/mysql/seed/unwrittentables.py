"""Large tables that nobody has written, known by the modification times of their files.

The plugin sets the modification times to a time in the past. Any write gives a file another time.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.mysql.mysqld.schemacontents import TableName
from pytest_netns_mysql.mysql.seed.definitions import qualified

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance
    from pytest_netns_mysql.mysql.seed.loadedtables import LoadedTable

_FIRST_TIME = 10**18  # nanoseconds since 1970: a day in 2001
_SPREAD = 10**8  # seconds, about three years: the number of different times for files


def find_unwritten(server: Instance, tables: Collection[LoadedTable]) -> set[TableName]:
    """Return the tables that were not written since the last call, and mark the files of all for the next call.

    FLUSH TABLES ... FOR EXPORT writes every changed page and blocks further changes, so that the files have everything;
    see the manual, "FLUSH Statement". It takes less than a millisecond.
    """
    import mysql.connector

    if not tables:
        return set()
    try:
        names = ", ".join(qualified(table.table_name) for table in tables)
        server._administrator.run(f"FLUSH TABLES {names} FOR EXPORT")
    except mysql.connector.Error:  # a table is gone or locked: the caller reads the tables instead
        return set()
    try:
        with server.network[GLOBAL]:
            return {
                table.table_name for table in tables if _are_unwritten(server.datadir / file for file in table.files)
            }
    finally:
        server._administrator.run("UNLOCK TABLES")


def _are_unwritten(files: Iterable[Path]) -> bool:
    """Return True if all files have their times; set the times of the others."""
    are_unwritten = True
    for file in files:
        time = _time_of(file)
        with contextlib.suppress(OSError):
            if file.stat().st_mtime_ns == time:
                continue
            os.utime(file, ns=(time, time))
        are_unwritten = False
    return are_unwritten


def _time_of(file: Path) -> int:
    """Return a time for a file, different for each path.

    If two tables swap their names, MariaDB renames the files without writing to them.
    """
    # In whole seconds: not every file system stores fractions.
    return _FIRST_TIME + zlib.crc32(os.fsencode(file)) % _SPREAD * 10**9
