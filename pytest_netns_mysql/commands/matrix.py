"""The command netns-mysql matrix."""

from __future__ import annotations

import argparse

from pytest_netns_mysql import paths
from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import add_settings, given

DESCRIPTION = """\
Print the project's topologies and servers as JSON in one line, for the matrix of a CI job. Nothing is started."""
EXAMPLES = """\
  netns-mysql matrix
  netns-mysql matrix --mysqld auto,mariadb"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_settings(parser, "topology", "mysqld")


def main(options: argparse.Namespace, _settings: table.Settings) -> int:
    """Print the matrix."""
    from pytest_netns_mysql.commands.cimatrix import matrix

    print(matrix(given(options), paths.here()))
    return 0
