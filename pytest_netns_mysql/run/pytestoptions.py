"""What pytest is told of this plugin: the settings as options and ini keys, and the markers.

Every pytest run imports this module, so it imports nothing that only netns tests need.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.run.stash import FROM_CONTROLLER, WORKER
from pytest_netns_mysql.settingtable import SECRET, TABLE, Setting

if TYPE_CHECKING:
    from pytest_netns_mysql.run.fromcontroller import FromController
    from pytest_netns_mysql.settings import Reader, Settings

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
    "on programs of this machine, not in containers or on servers that others run; on other servers the test is "
    "skipped",
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
_WARNED = pytest.StashKey[set[str]]()  # of the config: the warnings of earlier names of settings
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
        text = setting.help_with_default
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


def has_remote_workers(options: argparse.Namespace) -> bool:
    """Return True if xdist has workers that do not share this process's files, as on other machines."""
    return any(map(_is_remote, _workers(options)))


def has_only_remote_workers(options: argparse.Namespace) -> bool:
    """Return True if xdist runs no test on this machine."""
    workers = _workers(options)
    return bool(workers) and not getattr(options, "numprocesses", None) and all(map(_is_remote, workers))


def _workers(options: argparse.Namespace) -> Sequence[str]:
    """Return the values of --tx, which xdist does not heed without --dist."""
    is_used = getattr(options, "dist", "no") != "no" or getattr(options, "distload", False)
    return (getattr(options, "tx", None) or ()) if is_used else ()


def _is_remote(worker: str) -> bool:
    """Return True if a value of --tx, such as ``2*popen//python=python3.12``, is of a worker with files of its own."""
    words = worker.rpartition("*")[2].split("//")
    return "popen" not in words or any(word.startswith(("via=", "chdir=")) for word in words)


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

    def renamed(text: str) -> None:
        warned = config.stash.setdefault(_WARNED, set())
        if text in warned:  # by an earlier look at the settings
            return
        warned.add(text)
        config.issue_config_time_warning(NetnsDeprecationWarning(text), stacklevel=2)

    try:
        return table.resolve(*_readers(config, options), renamed=renamed)
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error


def texts_of_settings(config: pytest.Config, options: argparse.Namespace) -> dict[str, tuple[str, str, bool]]:
    """Return the settings that are set, by name: the text, where it is set, and whether as an argument."""
    readers = _readers(config, options)
    found: dict[str, tuple[str, str, bool]] = {}
    for setting in TABLE:
        for spelling, reader in [(spelling, reader) for reader in readers for spelling in setting.spellings]:
            value = reader(spelling)
            if value is not None:
                found[setting.name] = *value, reader is readers[0]
                break
    return found


def _readers(config: pytest.Config, options: argparse.Namespace) -> list[Reader]:
    """Return what finds the settings of a run, the nearest first: the command line is the first."""
    from pytest_netns_mysql import settings as table
    from pytest_netns_mysql.run.fromcontroller import OF_CONTROLLER

    received = _from_controller(config)
    sent = {} if received is None else received.settings

    def command_line(setting: Setting) -> tuple[str, str] | None:
        if setting.name in sent and sent[setting.name].is_argument:
            return sent[setting.name][:2]
        if received is not None and setting.name in OF_CONTROLLER:
            return None
        value: str | None = getattr(options, setting.ini, None)
        return None if value is None else (value, f"command line {setting.option}")

    def controller(setting: Setting) -> tuple[str, str] | None:
        return sent[setting.name][:2] if setting.name in sent else None

    def ini(setting: Setting) -> tuple[str, str] | None:
        given = config.getini(setting.ini)
        if given is None:
            return None
        value = str(given)
        if config.inipath is not None:
            value = table.from_folder(setting, value, config.inipath.parent)
        return value, f"{setting.ini} in {config.inipath or 'the ini options'}"

    topology_file = table.beside(config.inipath.parent if config.inipath is not None else config.rootpath)
    return [command_line, table.environment, controller, ini, topology_file]


def _from_controller(config: pytest.Config) -> FromController | None:
    """Return what the controller has sent, or None in all processes but workers of xdist on other machines.

    The first call takes it out of the environment: a pytest that a test starts is no such worker.
    """
    text = os.environ.pop(WORKER, None)
    if text is not None:
        from pytest_netns_mysql.run import fromcontroller

        config.stash[FROM_CONTROLLER] = fromcontroller.read(text)
    return config.stash.get(FROM_CONTROLLER, None)


def describe(settings: Settings) -> str | None:
    """Return a line with the settings that were set, and where; None if all have their defaults."""
    given = [
        f"{name}={'***' if name in SECRET else _shown(getattr(settings, name))} ({place})"
        for name, place in settings.given.items()
    ]
    return f"netns: {', '.join(given)}" if given else None


def _shown(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
