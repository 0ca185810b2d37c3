"""The command netns-mysql fetch."""

from __future__ import annotations

import argparse

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.commands.commandparser import add_settings, show_progress

DESCRIPTION = """\
Fetch a server or MySQL Router from the machine's own signed package sources, and unpack it into the cache. Nothing is
installed, and root is not needed. The last line of the output is the path of the program."""
EXAMPLES = """\
  netns-mysql fetch
  netns-mysql fetch mariadb"""
PRODUCTS = ("mysql", "mariadb", "router")  # repeated here, because importing them takes time


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "product", nargs="?", choices=PRODUCTS, default=PRODUCTS[0], help=f"What to fetch. Default: {PRODUCTS[0]}."
    )
    add_settings(parser, "cache")


def main(options: argparse.Namespace, settings: table.Settings) -> int:
    """Fetch a product, and print the path of its program."""
    from pytest_netns_mysql.mysql.fetch.fetch import fetch

    print(fetch(settings.cache, progress=show_progress, product=options.product))
    return 0
