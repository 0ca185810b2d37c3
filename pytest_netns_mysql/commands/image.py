"""The command netns-mysql image."""

from __future__ import annotations

import argparse

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import add_settings, show_progress

DESCRIPTION = """\
Make a container image of the fetched server, for machines that cannot reach a registry. The output is a value for the
setting netns_mysqld."""
EXAMPLES = """\
  netns-mysql image
  netns-mysql image shop/mysql:9.7"""
_IMAGE = "netns-mysql:latest"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "reference", nargs="?", metavar="NAME", default=_IMAGE, help=f"The name of the image. Default: {_IMAGE}."
    )
    add_settings(parser, "cache")


def main(options: argparse.Namespace, settings: table.Settings) -> int:
    """Make the image, and print its name."""
    from pytest_netns_mysql.mysql.containers.makeimage import make_image
    from pytest_netns_mysql.mysql.containers.reference import check_reference
    from pytest_netns_mysql.mysql.fetch.fetch import fetch
    from pytest_netns_mysql.mysql.kinds.local import fetched, identify

    check_reference(options.reference, "netns-mysql image")
    server = fetched(settings.cache) or identify(fetch(settings.cache, progress=show_progress))
    make_image(server, options.reference, progress=show_progress)
    print(f"docker://{options.reference}")
    return 0
