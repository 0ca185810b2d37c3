"""The hooks of a run that has netns tests: they pass pytest's events on to the rooms below.

The plugin registers them as soon as something says that a run has such tests.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.collection import ordering, overview
from pytest_netns_mysql.collection.netnstests import is_netns_test
from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.kernel.linuxonly import platform_error
from pytest_netns_mysql.run.entry import ENTRY, Entry, end_with_controller
from pytest_netns_mysql.run.printing import print_line
from pytest_netns_mysql.run.projecthooks import ProjectHooks
from pytest_netns_mysql.run.pytestoptions import (
    describe,
    has_remote_workers,
    is_distributed,
    read_settings,
    runs_nothing,
)
from pytest_netns_mysql.run.session import NetnsSession
from pytest_netns_mysql.run.start import START, Start
from pytest_netns_mysql.run.stash import FROM_CONTROLLER, IN_TIME, LOOK_AHEAD, PAUSE, SESSION, own_markers
from pytest_netns_mysql.run.wanted import takes_reports

if TYPE_CHECKING:
    import argparse


def make_session(config: pytest.Config, options: argparse.Namespace) -> None:
    """Make what the hooks and fixtures share, and keep it in the stash.

    Args:
        config: The configuration of the run.
        options: The parsed command line.

    Raises:
        pytest.UsageError: A setting has a wrong value.
    """
    settings = read_settings(config, options)
    received = config.stash.get(FROM_CONTROLLER, None)
    session = config.stash[SESSION] = NetnsSession(
        settings,
        config.invocation_params.dir,
        ProjectHooks(config, lambda: config.stash.get(IN_TIME, None)),
        worker=getattr(config, "workerinput", {}).get("workerid", ""),
        received=received,
        progress=lambda text: print_line(config, f"netns-mysql: {text}"),
        watch=lambda: _register_runner(config),
    )
    if session.settings.report:
        from pytest_netns_mysql.run import reportwriting

        try:
            reportwriting.check(session.settings)
        except NetnsError as error:
            raise pytest.UsageError(str(error)) from error
    config.stash[LOOK_AHEAD] = lambda run: _look_ahead(config, run)
    config.stash[START] = Start(config, session)
    config.stash[ENTRY] = Entry(config, session)
    # Not in pytest_unconfigure, which is not called if a conftest raises an error.
    config.add_cleanup(session.close)


def come_too_late(config: pytest.Config) -> None:
    """Have the first netns test say that nothing told in time that this run has any, if it fails for that reason."""
    config.stash[ENTRY].come_too_late()


def separate_paths(config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Read the paths of tests behind --netns-topology and --netns-pause as paths, not as values."""
    if overview.separate_paths(args):
        known = parser.parse_known_args(args, namespace=copy.copy(config.option))
        config.known_args_namespace.file_or_dir = known.file_or_dir
        config.known_args_namespace.netns_topology = known.netns_topology
        config.known_args_namespace.netns_show = getattr(known, "netns_show", False)
        config.known_args_namespace.netns_pause = known.netns_pause


def before_conftests(config: pytest.Config) -> None:
    """Enter the user namespace of a rootless sandbox while this process has one thread; start a server early.

    From here on, a worker of xdist ends with its controller: conftests may take long to import.
    """
    entry = config.stash[ENTRY]
    if entry.is_worker() and config.stash[SESSION].received is None:
        end_with_controller()
    entry.before_threads()
    if not is_distributed(config.known_args_namespace):
        config.stash[START].before_collection()  # may enter the user namespace of a standing server
    entry.enter()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check the settings; in a worker of xdist, start a server early."""
    session = _follow_environment(config)
    if hasattr(config, "workerinput"):
        _configure_worker(config, session)
    if takes_reports(config):
        from pytest_netns_mysql.run.reportextras import ReportExtras

        config.pluginmanager.register(ReportExtras(config), "netns_report_extras")
    try:
        session.kinds.names  # noqa: B018 - raises an error for a wrong value
        if session.settings.capture != "off":
            from pytest_netns_mysql.run.capturing import require_library

            require_library(session.settings)
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error
    if session.settings.pause == "failed" and not runs_nothing(config.option):
        from pytest_netns_mysql.run import pausing

        pausing.start(config, session)
    if overview.is_wanted(config.option):
        overview.stay_in_one_process(config)
    elif is_distributed(config.option) and not hasattr(config, "workerinput"):
        ordering.keep_workers_in_order(config)
        if has_remote_workers(config.option):
            from pytest_netns_mysql.run.machines import Machines

            config.pluginmanager.register(Machines(config, session), "netns_machines")


def _configure_worker(config: pytest.Config, session: NetnsSession) -> None:
    session.board.worker = config.workerinput["workerid"]  # type: ignore[attr-defined]
    if session.received is None:
        end_with_controller()
    config.stash[START].before_collection()


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Stop the run before collection if a topology or a server of the settings cannot be found."""
    if session.config.stash[SESSION].received is not None:
        return  # xdist does not show why a worker stops; the tests fail with the same error
    from pytest_netns_mysql.collection import choices

    try:
        choices.check(session.config)
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Parametrize a netns test; an error in its marker is a collection error of its module."""
    from pytest_netns_mysql.collection import parametrize as parameters  # not before a server boots

    try:
        parameters.parametrize(metafunc, metafunc.config.stash[SESSION])
    except NetnsError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def order_for_stepwise(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Move netns tests behind all others, if they will run last, before --stepwise leaves out what has passed.

    It leaves out all tests before the last one that failed, which are the tests that ran only if they are in the order
    of the run.
    """
    with contextlib.suppress(NetnsError):  # with which the run stops later
        if not config.stash[SESSION].networks.will_return():
            items.sort(key=is_netns_test)


def after_selection(
    session: pytest.Session,
    items: Sequence[pytest.Item],
    netns_items: Sequence[pytest.Item],
    collected: Sequence[pytest.Item],
) -> None:
    """Note where each netns test runs, and start the server that they need.

    Args:
        session: The run.
        items: Its tests, selected and ordered by all plugins.
        netns_items: The netns tests among them.
        collected: All tests, in the order of their collection.
    """
    config = session.config
    own, start = config.stash[SESSION], config.stash[START]
    own.collected = list(collected)
    will_run = not session.testsfailed or config.option.continue_on_collection_errors
    if not netns_items:
        if will_run:
            start.after_collection([])
        return
    from pytest_netns_mysql.collection import parametrize as parameters

    config.stash[ENTRY].note(netns_items)
    parameters.settle(netns_items, own)
    try:
        own.mysqlx_over = parameters.topologies_with_mysqlx(netns_items)
        if overview.is_wanted(config.option):
            return
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error
    elsewhere = platform_error()
    if elsewhere is not None:
        from pytest_netns_mysql.run import otherplatform

        otherplatform.refuse(config, netns_items, elsewhere, own.settings.unavailable)
        return
    if any(PAUSE in own_markers(item) for item in netns_items):
        from pytest_netns_mysql.run import pausing

        pausing.prepare_marked(config, own, netns_items)
    if will_run:
        start.after_collection(parameters.needing_default_server(items, own))
    _register_runner(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Move netns tests behind all others if the process cannot return to the host's network.

    This hook runs after all plugins have reordered tests, as --failed-first does.
    """
    if not overview.is_wanted(session.config.option) and ordering.is_needed(session):
        ordering.order_run(session)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remember for the next run what this run needed; end the servers while pytest writes its summary."""
    session.config.stash[START].remember()
    session.config.stash[ENTRY].remember()
    session.config.stash[SESSION].servers.end()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> object:
    """Show the overview instead of running the tests, for `pytest --netns-topology`.

    Otherwise move netns tests behind all others again, if a plugin has reordered the tests later than all others do.
    """
    if not overview.is_wanted(session.config.option):
        # The controller of xdist knows the tests of a worker by their order.
        if not hasattr(session.config, "workerinput") and ordering.is_needed(session):
            ordering.order(session.items)
        return None
    for line in overview.lines(session.config.stash[SESSION], session.items):
        print_line(session.config, line)
    return True


def pytest_report_header(config: pytest.Config) -> str | None:
    """Show the settings that were set, and where."""
    return describe(config.stash[SESSION].settings)


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Show the servers of the run, and a note if the tests do not run in the order that was asked for."""
    if not config.pluginmanager.has_plugin("netns_runner"):
        return []
    from pytest_netns_mysql.run import report

    return report.about_run(config.stash[SESSION], items, is_verbose=config.option.verbose > 0)


def _follow_environment(config: pytest.Config) -> NetnsSession:
    """Return the session, made anew if plugins or conftests, as pytest-env does, have changed settings by NETNS_*."""
    session = config.stash[SESSION]
    if read_settings(config, config.option) != session.settings:
        config.stash[START].end()
        make_session(config, config.option)
        config.stash[SESSION].networks.is_in_user_namespace = session.networks.is_in_user_namespace
    return config.stash[SESSION]


def _look_ahead(config: pytest.Config, run: pytest.Session) -> None:
    from pytest_netns_mysql.collection.lookahead import look_ahead

    look_ahead(config.stash[SESSION], run)


def _register_runner(config: pytest.Config) -> None:
    """Register the hooks around tests, unless they are registered. A run without netns tests has no such hooks."""
    if not config.pluginmanager.has_plugin("netns_runner"):
        from pytest_netns_mysql.run.runner import Runner

        session = config.stash[SESSION]
        if session.settings.capture != "off":
            from pytest_netns_mysql.run.capturing import Capturing
            from pytest_netns_mysql.run.fromcontroller import CAPTURES

            # Before the runner, whose report of a failure names the file.
            channel = getattr(config, "workerinput", {}).get(CAPTURES)
            config.pluginmanager.register(Capturing(session, config.rootpath, channel), "netns_capturing")
        config.pluginmanager.register(Runner(session), "netns_runner")
