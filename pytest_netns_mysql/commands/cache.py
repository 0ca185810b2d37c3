"""The command netns-mysql cache."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import add_settings, as_json, as_table

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.cache.contents import Entry

DESCRIPTION = """\
List what the cache contains, with sizes and the dates of the last use; or clear the cache. Everything that you clear is
fetched or made again when it is needed. Entries that a running session uses are kept, and the exit code is then 1."""
EXAMPLES = """\
  netns-mysql cache
  netns-mysql cache clear templates
  netns-mysql cache clear mysql-9.7.4-3f484f92
  netns-mysql cache clear"""
_CLEAR = "netns-mysql cache clear"
_UNITS = ("B", "KiB", "MiB", "GiB")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "action", nargs="?", choices=("list", "clear"), default="list", help="What to do. Default: list."
    )
    parser.add_argument(
        "what",
        nargs="*",
        metavar="WHAT",
        help="The entries to list or clear: servers, templates (data directories), seeds (data directories with loaded "
        "data), states (facts about fresh servers), or names that the list shows. Default: everything.",
    )
    parser.add_argument("--json", action="store_true", help="Print JSON, for programs.")
    add_settings(parser, "cache")


def main(options: argparse.Namespace, settings: table.Settings) -> int:
    """List or clear."""
    from pytest_netns_mysql.mysql.cache import contents

    found = contents.chosen(contents.entries(settings.cache), options.what, where=_CLEAR)
    if options.action == "clear":
        return _clear(found, as_json_text=options.json)
    if options.json:
        print(as_json({"folder": str(settings.cache), "entries": [*map(_as_dict, found)]}))
    else:
        _print(found, str(settings.cache))
    return 0


def _print(found: Sequence[Entry], folder: str) -> None:
    rows = [
        [entry.kind, entry.name, in_units(entry.size), time.strftime("%Y-%m-%d", time.localtime(entry.used))]
        for entry in found
    ]
    if rows:
        print(as_table(("WHAT", "NAME", "SIZE", "LAST USED"), rows))
    print(f"{in_units(sum(entry.size for entry in found))} in {folder}")


def _clear(found: Sequence[Entry], *, as_json_text: bool) -> int:
    from pytest_netns_mysql.commands.cacheuse import use_of
    from pytest_netns_mysql.mysql.cache import contents

    kept: dict[str, str] = {}
    for entry in found:
        reason = contents.remove(entry, use_of)
        if reason is not None:
            kept[f"{entry.kind}/{entry.name}"] = reason
        if not as_json_text:
            what = f"{entry.kind}/{entry.name}"
            print(f"removed: {what}, {in_units(entry.size)}" if reason is None else f"kept: {what}: {reason}")
    if as_json_text:
        removed = [name for name in (f"{entry.kind}/{entry.name}" for entry in found) if name not in kept]
        print(as_json({"removed": removed, "kept": kept}))
    elif not found:
        print("the cache is empty")
    return 1 if kept else 0


def in_units(size: int) -> str:
    """Return a number of bytes for people, such as ``1.2 GiB``."""
    amount, units = float(size), iter(_UNITS)
    unit = next(units)
    while amount >= 1024 and unit != _UNITS[-1]:
        amount, unit = amount / 1024, next(units)
    return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"


def _as_dict(entry: Entry) -> dict[str, Any]:
    return {
        "what": entry.kind,
        "name": entry.name,
        "path": str(entry.path),
        "bytes": entry.size,
        "last_used": entry.used,
    }
