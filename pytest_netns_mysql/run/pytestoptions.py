"""The settings as options of pytest: on the command line, in the environment and in the ini file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.errors import NetnsError

if TYPE_CHECKING:
    import argparse


def add_options(parser: pytest.Parser, **of_topology: Any) -> None:
    """Add a command line option and an ini key for each setting.

    Args:
        parser: pytest's parser.
        of_topology: More arguments of ``addoption`` for --netns-topology.
    """
    group = parser.getgroup("netns", "MySQL in network namespaces")
    for setting in table.TABLE:
        choices = f" ({', '.join(setting.choices)})" if setting.choices else ""
        default = f"; default {setting.default}" if setting.default else ""
        text = f"{setting.help}{choices}{default}"
        more = of_topology if setting.name == "topology" else {}
        group.addoption(setting.option, dest=setting.ini, metavar=setting.metavar, default=None, help=text, **more)
        parser.addini(setting.ini, text, default=None)


def read_settings(config: pytest.Config, options: argparse.Namespace) -> table.Settings:
    """Return the settings of a run.

    Args:
        config: pytest's configuration, for the ini file.
        options: The parsed command line.

    Raises:
        pytest.UsageError: A setting has a wrong value.
    """

    def command_line(setting: table.Setting) -> tuple[str, str] | None:
        value: str | None = getattr(options, setting.ini, None)
        return None if value is None else (value, f"command line {setting.option}")

    def ini(setting: table.Setting) -> tuple[str, str] | None:
        given = config.getini(setting.ini)
        if given is None:
            return None
        value = str(given)
        if config.inipath is not None:
            value = table.from_folder(setting, value, config.inipath.parent)
        return value, f"{setting.ini} in {config.inipath or 'the ini options'}"

    try:
        topology_file = table.beside(config.inipath.parent if config.inipath is not None else config.rootpath)
        return table.resolve(command_line, table.environment, ini, topology_file)
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error


def describe(settings: table.Settings) -> str | None:
    """Return a line with the settings that were set, and where; None if all have their defaults."""
    given = [
        f"{name}={'***' if name in table.SECRET else getattr(settings, name)} ({place})"
        for name, place in settings.given.items()
    ]
    return f"netns: {', '.join(given)}" if given else None
