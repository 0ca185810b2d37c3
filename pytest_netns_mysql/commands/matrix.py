"""The command netns-mysql matrix."""

from __future__ import annotations

import argparse

from pytest_netns_mysql import paths
from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import add_settings, given

DESCRIPTION = """\
Print the project's topologies and servers as JSON in one line, for the matrix of a CI job. Nothing is started. With
--shards, several jobs share the tests of a cell by pytest-split: --splits and --group."""
EXAMPLES = """\
  netns-mysql matrix
  netns-mysql matrix --mysqld auto,mariadb
  netns-mysql matrix --shards 4
  netns-mysql matrix --shards 4 --format gitlab"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_settings(parser, "topology", "mysqld")
    parser.add_argument(
        "--shards",
        type=_from_one,
        default=0,
        metavar="N",
        help="how many jobs share the tests of each topology and server; default: one job, without pytest-split",
    )
    parser.add_argument(
        "--format",
        choices=("github", "gitlab"),
        default="github",
        help="for whom: a matrix for GitHub Actions (the default), or the key parallel of a GitLab job",
    )


def main(options: argparse.Namespace, _settings: table.Settings) -> int:
    """Print the matrix."""
    from pytest_netns_mysql.commands import cimatrix

    cells = cimatrix.cells_of(given(options), paths.here())
    write = cimatrix.gitlab if options.format == "gitlab" else cimatrix.github
    print(write(cells, options.shards))
    return 0


def _from_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"it must be a number from 1 on, got {text!r}")
    return int(text)
