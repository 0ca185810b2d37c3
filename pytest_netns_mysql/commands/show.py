"""The command netns-mysql show."""

from __future__ import annotations

import argparse

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.errors import SettingError

DESCRIPTION = """\
Draw a topology: its namespaces, interfaces, addresses, routes and endpoints. Nothing is started."""
EXAMPLES = """\
  netns-mysql show
  netns-mysql show cluster --format svg > cluster.svg
  netns-mysql show netns-topology.toml"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    from pytest_netns_mysql.topology.diagram import FORMATS
    from pytest_netns_mysql.topology.file.load import presets

    parser.add_argument(
        "topology",
        nargs="?",
        metavar="TOPOLOGY",
        help=f"a preset ({', '.join(presets())}) or a TOML file; default: the netns-topology.toml here, else red-blue",
    )
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help=f"the format; default {FORMATS[0]}")


def main(options: argparse.Namespace, settings: table.Settings) -> int:
    """Print the drawings."""
    from pytest_netns_mysql.topology.diagram import draw
    from pytest_netns_mysql.topology.file.load import load_all

    drawings = [draw(topology, options.format) for topology in load_all(settings.topology)]
    if len(drawings) > 1 and options.format in ("svg", "json"):
        raise SettingError(
            f"--format {options.format} draws one topology, and {settings.topology} names {len(drawings)}",
            where="netns-mysql show",
            remedies=["name one topology; FILE::NAME names one of several in a file"],
        )
    print("\n\n".join(drawings))
    return 0
