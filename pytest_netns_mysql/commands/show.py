"""The command netns-mysql show."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.errors import SettingError, printable

if TYPE_CHECKING:
    from pytest_netns_mysql.topology.topology import Topology

DESCRIPTION = """\
Draw a topology: its namespaces, interfaces, addresses, routes and endpoints. Nothing is started. With --format toml,
the topology is printed as a TOML file, which you can change and use in place of a compose file."""
EXAMPLES = """\
  netns-mysql show
  netns-mysql show cluster --format svg > cluster.svg
  netns-mysql show netns-topology.toml
  netns-mysql show compose.yaml --format toml > netns-topology.toml"""

_TOML = "toml"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    from pytest_netns_mysql.topology.diagram import FORMATS
    from pytest_netns_mysql.topology.file.load import presets

    parser.add_argument(
        "topology",
        nargs="?",
        metavar="TOPOLOGY",
        help=f"A preset ({', '.join(presets())}), a TOML file, FILE::NAME for one of several topologies in a file, a "
        "compose file, or a folder with a compose file. Default: the netns-topology.toml in the working directory, "
        "else red-blue.",
    )
    parser.add_argument(
        "--format", choices=(*FORMATS, _TOML), default=FORMATS[0], help=f"The format. Default: {FORMATS[0]}."
    )


def main(options: argparse.Namespace, settings: table.Settings) -> int:
    """Print the drawings."""
    from pytest_netns_mysql.topology.diagram import draw
    from pytest_netns_mysql.topology.file.load import load_all

    topologies = load_all(settings.topology)
    if options.format == _TOML:
        print("\n\n".join(map(_as_toml, topologies)))
        return 0
    drawings = [draw(topology, options.format) for topology in topologies]
    if len(drawings) > 1 and options.format in ("svg", "json"):
        raise SettingError(
            f"--format {options.format} draws one topology, and {settings.topology} names {len(drawings)}",
            where="netns-mysql show",
            remedies=["name one topology; FILE::NAME names one of several in a file"],
        )
    print("\n\n".join(drawings))
    return 0


def _as_toml(topology: Topology) -> str:
    """Return a topology as a TOML file, with its notes as comments."""
    from pytest_netns_mysql.mysql.load.loads import folder_of
    from pytest_netns_mysql.topology.file.mapping import dump

    topology.plan  # noqa: B018 - a topology with faults is not printed
    notes = [*topology.notes]
    if topology.mysqld.load or any(name.endswith("_FILE") for name in topology.mysqld.environment):
        notes.append(f"paths start from the folder of this file: keep it in {folder_of(topology)}")
    return "\n".join([*(f"# {printable(note)}" for note in notes), dump(topology).rstrip("\n")])
