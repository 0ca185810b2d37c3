"""What pytest is told of this plugin: the settings as options and ini keys, and the markers.

Every pytest run imports this module, so it imports nothing that only netns tests need.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.settingtable import SECRET, TABLE, Setting

if TYPE_CHECKING:
    from pytest_netns_mysql.settings import Settings

SHOW = "?"
"""The value of --netns-topology without a value."""
DIED = "a server died"
"""The title of the section of a test's report for a server that died during the test."""

MARKERS = (
    "netns(*names, topology=None): run the test once in each of these network namespaces; without names in the "
    "sandbox's own namespace; with topology over another topology than the run: a preset, a TOML file next to the "
    "test, or several of these with commas",
    'netns_mysqld(min=None, flavor=None, local=False): run the test only on servers of version min, such as "8.4", or '
    "newer; of a flavor, or one of a list of flavors: mysql (includes percona), percona, mariadb; with local=True only "
    "on programs of this machine, not in containers; on other servers the test is skipped",
    'netns_leftovers(mode): override the setting netns_leftovers for these tests with "reset", "fail" or "keep". '
    'With "keep" on a class or a module, the tests build on each other: their changes to servers and network are put '
    "back when the last of the tests ends",
    "netns_pause: pause at the end of the test, before its teardown, whether it passed or failed, and wait for Enter: "
    "`netns-mysql shell` then enters the test's namespaces from another terminal",
)
"""The markers and what they do, for `pytest --markers`."""

_SHOW = (
    *("help", "version", "collectonly", "showfixtures", "show_fixtures_per_test", "markers", "cacheshow", "setupplan"),
    "netns_show",
)
# Options with which pytest runs no test in this process.
_RUN_NOTHING = (
    *_SHOW,
    "looponfail",
    "forked",  # pytest-forked runs each test in a child, which cannot wait for a server of this process
)
_DISTRIBUTE = ("numprocesses", "tx", "distload")


class TopologyAction(argparse.Action):
    """The action of --netns-topology: with a value it chooses topologies, without a value it asks for the overview."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 - argparse passes it
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        """Store the value, or the request for the overview; addopts and the command line may have one of each."""
        if values == SHOW:
            namespace.netns_show = True
        else:
            setattr(namespace, self.dest, values)


def add_options(parser: pytest.Parser) -> None:
    """Add a command line option and an ini key for each setting."""
    group = parser.getgroup("netns", "MySQL in network namespaces")
    for setting in TABLE:
        choices = f" ({', '.join(setting.choices)})" if setting.choices else ""
        default = f"; default {setting.default}" if setting.default else ""
        text = f"{setting.help}{choices}{default}"
        more: dict[str, Any] = {}
        if setting.name == "topology":
            more = {"nargs": "?", "const": SHOW, "action": TopologyAction}
        if setting.name == "pause":
            more = {"nargs": "?", "const": "failed"}
        group.addoption(setting.option, dest=setting.ini, metavar=setting.metavar, default=None, help=text, **more)
        parser.addini(setting.ini, text, default=None)
        for former in setting.spellings[1:]:
            group.addoption(former.option, dest=former.ini, default=None, help=argparse.SUPPRESS, **more)
            parser.addini(former.ini, f"the earlier name of {setting.ini}", default=None)


def is_distributed(options: argparse.Namespace) -> bool:
    """Return True if xdist runs the tests in other processes, and in these processes, too."""
    return any(getattr(options, name, None) for name in _DISTRIBUTE)


def runs_nothing(options: argparse.Namespace) -> bool:
    """Return True if pytest was asked for something other than running tests in this process."""
    return any(getattr(options, name, None) for name in _RUN_NOTHING)


def shows_something(options: argparse.Namespace) -> bool:
    """Return True if pytest was asked to show something instead of running tests, in whatever process."""
    return any(getattr(options, name, None) for name in _SHOW)


def read_settings(config: pytest.Config, options: argparse.Namespace) -> Settings:
    """Return the settings of a run.

    Args:
        config: pytest's configuration, for the ini file.
        options: The parsed command line.

    Raises:
        pytest.UsageError: A setting has a wrong value.
    """
    from pytest_netns_mysql import settings as table
    from pytest_netns_mysql.errors import NetnsDeprecationWarning, NetnsError

    def command_line(setting: Setting) -> tuple[str, str] | None:
        value: str | None = getattr(options, setting.ini, None)
        return None if value is None else (value, f"command line {setting.option}")

    def ini(setting: Setting) -> tuple[str, str] | None:
        given = config.getini(setting.ini)
        if given is None:
            return None
        value = str(given)
        if config.inipath is not None:
            value = table.from_folder(setting, value, config.inipath.parent)
        return value, f"{setting.ini} in {config.inipath or 'the ini options'}"

    def renamed(text: str) -> None:
        config.issue_config_time_warning(NetnsDeprecationWarning(text), stacklevel=2)

    try:
        topology_file = table.beside(config.inipath.parent if config.inipath is not None else config.rootpath)
        return table.resolve(command_line, table.environment, ini, topology_file, renamed=renamed)
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error


def describe(settings: Settings) -> str | None:
    """Return a line with the settings that were set, and where; None if all have their defaults."""
    given = [
        f"{name}={'***' if name in SECRET else _shown(getattr(settings, name))} ({place})"
        for name, place in settings.given.items()
    ]
    return f"netns: {', '.join(given)}" if given else None


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
