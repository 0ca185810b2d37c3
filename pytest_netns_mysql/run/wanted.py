"""Whether a run needs this plugin. A run that does not need it imports nothing more of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import SandboxError
from pytest_netns_mysql.run import pytest_internals
from pytest_netns_mysql.run.pytestoptions import has_remote_workers, runs_nothing
from pytest_netns_mysql.run.stash import FROM_CONTROLLER, SESSION, WORKER
from pytest_netns_mysql.settingtable import TABLE, TOPOLOGY_FILE

if TYPE_CHECKING:
    import argparse

    import pytest

CACHE_FOLDER = "netns"
"""The folder of pytest's cache in which a run with netns tests leaves what the next run should know."""
PROCESS = "PYTEST_NETNS_MYSQL_PROCESS"
"""The environment variable with the pid of the process that runs pytest, and whether pytest was started again there."""
STARTED_AGAIN = "again"
STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""The environment variable with the file that GitHub Actions shows as the summary of a step."""
_OTHER_REPORTS = ("xmlpath", "htmlpath", "report_log")
"""The options of JUnit's file, of pytest-html and of pytest-reportlog."""


def is_set(config: pytest.Config, options: argparse.Namespace) -> bool:
    """Return True if a setting is set, or the overview of --netns-topology was asked for."""
    settings = [spelling for setting in TABLE for spelling in setting.spellings]
    folder = config.inipath.parent if config.inipath is not None else config.rootpath
    return (
        bool(getattr(options, "netns_show", False))
        or WORKER in os.environ
        or any(getattr(options, setting.ini, None) is not None for setting in settings)
        or any(setting.variable in os.environ for setting in settings)
        or any(config.getini(setting.ini) is not None for setting in settings)
        or (folder / TOPOLOGY_FILE).is_file()
    )


def is_wanted(config: pytest.Config) -> bool:
    """Return True if something says that a run has netns tests, before its conftests are imported.

    It is a setting, what the last run left in pytest's cache, or the word netns in a test file, if this process must
    enter a user namespace while it has a single thread, or prepare workers on other machines.
    """
    return (
        is_set(config, config.known_args_namespace)
        or _had_netns_tests(config)
        or _must_enter(config)
        or _must_prepare_machines(config)
    )


def _had_netns_tests(config: pytest.Config) -> bool:
    if not config.pluginmanager.has_plugin("cacheprovider"):
        return False
    return (pytest_internals.cache_folder(config) / "v" / CACHE_FOLDER).is_dir()


def _must_enter(config: pytest.Config) -> bool:
    if os.environ.get(PROCESS) == f"{os.getpid()} {STARTED_AGAIN}":
        return True
    options = config.known_args_namespace
    if runs_nothing(options) and not getattr(options, "looponfail", False):
        return False
    from pytest_netns_mysql.kernel.namespaces.privileges import needs_user_namespace

    try:
        if not needs_user_namespace("auto"):
            return False
    except (OSError, SandboxError):  # other systems have no /proc, and no sandboxes
        return False
    return _mentions_netns(config)


def _must_prepare_machines(config: pytest.Config) -> bool:
    return has_remote_workers(config.known_args_namespace) and _mentions_netns(config)


def _mentions_netns(config: pytest.Config) -> bool:
    from pytest_netns_mysql.run import search

    return search.mentions_netns(search.places_of(config))


def writes_report(config: pytest.Config) -> bool:
    """Return True if a report of the netns tests is to be written, by a setting or for GitHub Actions."""
    if os.environ.get(STEP_SUMMARY):
        return True
    received = config.stash.get(FROM_CONTROLLER, None)
    if received is not None:
        return received.writes_report
    return SESSION in config.stash and bool(config.stash[SESSION].settings.report)


def takes_reports(config: pytest.Config) -> bool:
    """Return True if something takes the reports of netns tests that pass, too."""
    return writes_report(config) or any(getattr(config.option, name, None) for name in _OTHER_REPORTS)
