"""What the commands of netns-mysql have in common: options of settings, output, usage errors."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.errors import printable

USAGE = 2  # exit code, as argparse's
_CHOICE = re.compile(r"invalid choice: '(.*?)' \(choose from (.*)\)")


class Parser(argparse.ArgumentParser):
    """A parser whose descriptions keep their lines, and whose errors say what to do."""

    def __init__(self, **options: object) -> None:
        """Take the options of argparse.ArgumentParser."""
        formatter = argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=formatter, add_help=False, **options)  # type: ignore[arg-type]
        self.add_argument("-h", "--help", action="help", help="Show this help and exit.")

    def error(self, message: str) -> NoReturn:
        """Print the usage, the error and a remedy, and exit with the code 2."""
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: error: {printable(message)}\n  do: {self._remedy(message)}\n")

    def _remedy(self, message: str) -> str:
        if found := _CHOICE.search(message):
            known = [word.strip("' ") for word in found[2].split(",")]
            if near := difflib.get_close_matches(found[1], known, n=1):
                return f"write {near[0]}"
        if message.startswith("unrecognized arguments") and "-- CMD" in self.format_usage():
            return "write -- before the command"
        return f"{self.prog} --help shows what can be written here, with examples"


_ONE_TOPOLOGY = (
    "The network: a preset, a TOML file, FILE::NAME for one of several topologies in a file, a compose file, or a "
    "folder with a compose file. Default: the netns-topology.toml in the working directory, else red-blue."
)


def add_topology(parser: argparse.ArgumentParser) -> None:
    """Add the option --topology of a command that takes one topology."""
    parser.add_argument("--topology", metavar="NAME|FILE", help=_ONE_TOPOLOGY)


def add_settings(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add options for settings, with the help that the settings have everywhere.

    Args:
        parser: The parser of the command.
        names: The names of the settings.
    """
    for setting in table.TABLE:
        if setting.name in names:
            text = setting.help_with_default.replace("%", "%%")
            parser.add_argument(f"--{setting.name}", metavar=setting.metavar, help=text)


def given(options: argparse.Namespace) -> table.Reader:
    """Return the reader of the settings that the command line has."""

    def reader(setting: table.Setting) -> tuple[str, str] | None:
        value = getattr(options, setting.name, None)
        return None if value is None else (str(value), f"command line --{setting.name}")

    return reader


def show_progress(text: str) -> None:
    """Print a line for people, beside the output that programs read."""
    print(f"netns-mysql: {printable(text)}", file=sys.stderr, flush=True)


def as_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned table; a cell may have several lines, and the last column is not padded.

    What is not printable is escaped: other processes choose a part of what is shown.
    """
    lines: list[Sequence[str]] = [header]
    for row in rows:
        cells = [[printable(line) for line in cell.split("\n")] for cell in row]
        height = max(map(len, cells))
        lines += [[cell[at] if at < len(cell) else "" for cell in cells] for at in range(height)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
    return "\n".join(padded)


def clock_time(moment: float) -> str:
    """Return the local time of a moment in seconds since the epoch, such as ``14:02:11``; ``?`` for no real moment."""
    try:
        return time.strftime("%H:%M:%S", time.localtime(moment))
    except (OverflowError, OSError, ValueError):
        return "?"


def as_json(value: object) -> str:
    """Return a value as indented JSON."""
    import json

    return json.dumps(value, indent=2)
