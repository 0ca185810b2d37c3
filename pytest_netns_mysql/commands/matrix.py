"""The command netns-mysql matrix."""

from __future__ import annotations

import argparse

from pytest_netns_mysql import paths
from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import given

DESCRIPTION = """\
Print the project's topologies and servers in one line of JSON, for the matrix of a CI job. Nothing is started. The
settings of the project come from the command line, the environment and the ini file. With --shards, several jobs share
the tests of each topology and server, by the options --splits and --group of pytest-split."""
EXAMPLES = """\
  netns-mysql matrix
  netns-mysql matrix --mysqld auto,mariadb
  netns-mysql matrix --shards 4
  netns-mysql matrix --shards 4 --format gitlab"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    for name, what in (("topology", "topologies"), ("mysqld", "servers")):
        (setting,) = (setting for setting in table.TABLE if setting.name == name)
        help_text = f"The {what} of the matrix, separated by commas. Default: {setting.ini} of the project."
        parser.add_argument(f"--{name}", metavar=setting.metavar, help=help_text)
    parser.add_argument(
        "--shards",
        type=_from_one,
        default=0,
        metavar="N",
        help="The number of jobs that share the tests of each topology and server. Default: one job, without "
        "pytest-split.",
    )
    parser.add_argument(
        "--format",
        choices=("github", "gitlab"),
        default="github",
        help="github: a matrix for GitHub Actions. gitlab: the key parallel of a GitLab job. Default: github.",
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
