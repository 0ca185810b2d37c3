"""The pytest plugin: its hooks pass pytest's events on to the rooms below."""

from __future__ import annotations

import contextlib
import copy
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql.collection import overview
from pytest_netns_mysql.collection.marker import SERVERS_HELP, is_netns_test
from pytest_netns_mysql.errors import NetnsError, SettingError
from pytest_netns_mysql.run import leftovers, pytest_internals
from pytest_netns_mysql.run.entry import ENTRY, Entry
from pytest_netns_mysql.run.pytestoptions import add_options, describe, read_settings
from pytest_netns_mysql.run.session import SESSION, NetnsSession
from pytest_netns_mysql.run.start import START, Start, is_distributed
from pytest_netns_mysql.run.stash import LOOK_AHEAD, NAMESPACE

if TYPE_CHECKING:
    import argparse

pytest_plugins = ("pytest_netns_mysql.fixtures",)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the command line options and the ini keys of all settings."""
    add_options(parser, **overview.OPTION)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Enter the user namespace of a rootless sandbox while this process has one thread; start a server early.

    Both happen before pytest's capturing replaces the file descriptors, which this process needs to start again.
    """
    if overview.separate_paths(args):
        known = parser.parse_known_args(args, namespace=copy.copy(early_config.option))
        early_config.known_args_namespace.file_or_dir = known.file_or_dir
        early_config.known_args_namespace.netns_topology = known.netns_topology
        early_config.known_args_namespace.netns_show = True
    known = early_config.known_args_namespace
    session = _session(early_config, known)
    start = early_config.stash[START] = Start(early_config, session)
    entry = early_config.stash[ENTRY] = Entry(early_config, session)
    entry.before_threads()
    if not is_distributed(known):
        start.before_collection()  # may enter the user namespace of a standing server
    entry.enter()
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; check the settings."""
    config.addinivalue_line(
        "markers",
        "netns(*names, topology=None): run the test once in each of these network namespaces; without names in the "
        "sandbox's own namespace; with topology over another topology than the run: a preset, a TOML file next to the "
        "test, or several of these with commas",
    )
    config.addinivalue_line("markers", SERVERS_HELP)
    config.addinivalue_line("markers", leftovers.HELP)
    session = _session(config, config.option)
    start = config.stash.setdefault(START, Start(config, session))
    if ENTRY not in config.stash:  # if a conftest loads this plugin
        config.stash[ENTRY] = Entry(config, session)
    if hasattr(config, "workerinput"):
        start.before_collection()
    try:
        session.kinds.names  # noqa: B018 - raises an error for a wrong value
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error
    if overview.is_wanted(config.option):
        overview.stay_in_one_process(config)
    elif is_distributed(config.option) and not hasattr(config, "workerinput"):
        _keep_workers_in_order(config, session)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Stop the run before collection if a topology or a server of the settings cannot be found."""
    own = session.config.stash[SESSION]
    try:
        if "topology" in own.settings.given:
            own.topologies.of_settings  # noqa: B018 - raises an error for a wrong value
        if own.settings.mysqld != "auto":
            for choice in own.kinds.names:
                if own.kinds.find(choice).listens is not None and is_distributed(session.config.option):
                    raise SettingError(
                        f"{choice} is a single shared server: xdist workers would reset each other's changes",
                        where=own.settings.given.get("mysqld"),
                        remedies=["run without -n"],
                    )
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a netns test; an error in its marker is a collection error of its module."""
    if not is_netns_test(metafunc.definition, metafunc.fixturenames):
        return
    from pytest_netns_mysql.collection import parametrize

    try:
        parametrize.parametrize(metafunc, metafunc.config.stash[SESSION])
    except NetnsError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    """Note where each netns test runs, after other plugins have selected and ordered tests; start the server."""
    own, start = config.stash[SESSION], config.stash[START]
    own.collected = list(items)
    if getattr(config.option, "loadgroup", False):
        leftovers.keep_together(items)
    yield
    will_run = not session.testsfailed or config.option.continue_on_collection_errors
    netns_items = [item for item in items if is_netns_test(item)]
    if not netns_items:
        if will_run:
            start.after_collection([])
        return
    from pytest_netns_mysql.collection import parametrize

    config.stash[ENTRY].note(netns_items)
    parametrize.settle(netns_items, own)
    try:
        own.mysqlx_over = parametrize.topologies_with_mysqlx(netns_items)
        if overview.is_wanted(config.option):
            return
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error
    if will_run:
        start.after_collection(parametrize.needing_default_server(items, own))
    _register_runner(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Move netns tests behind all others if the process cannot return to the host's network.

    This hook runs after all plugins have reordered tests, as --failed-first does.
    """
    own = session.config.stash[SESSION]
    if overview.is_wanted(session.config.option) or not any(NAMESPACE in item.stash for item in session.items):
        return
    try:
        if own.networks.will_return():
            return
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error
    from pytest_netns_mysql.collection import ordering

    is_reordered = ordering.is_reordered(session.items, own.collected)
    own.breaks_order = ordering.order(session.items) and is_reordered
    ordering.report_to_controller(session.config, session.items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show which servers died, and during which tests."""
    for line in leftovers.deaths(terminalreporter.stats.get("", ())):
        terminalreporter.write_line(f"netns: {line}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remember for the next run what this run needed; end the servers while pytest writes its summary."""
    session.config.stash[START].remember()
    session.config.stash[ENTRY].remember()
    session.config.stash[SESSION].servers.end()


def pytest_runtestloop(session: pytest.Session) -> object:
    """Show the overview instead of running the tests, for `pytest --netns-topology`."""
    if not overview.is_wanted(session.config.option):
        return None
    for line in overview.lines(session.config.stash[SESSION], session.items):
        _print(session.config, line)
    return True


def pytest_report_header(config: pytest.Config) -> str | None:
    """Show the settings that were set, and where."""
    return describe(config.stash[SESSION].settings)


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Show the servers of the run, and a note if the tests do not run in the order that was asked for."""
    if not config.pluginmanager.has_plugin("netns_runner"):
        return []
    from pytest_netns_mysql.run import report

    session = config.stash[SESSION]
    needs_server = any("_netns_servers" in pytest_internals.fixture_names(item) for item in items)
    return [*(report.servers(session) if needs_server else ()), *([report.ORDER] if session.breaks_order else ())]


def _session(config: pytest.Config, options: argparse.Namespace) -> NetnsSession:
    if SESSION not in config.stash:
        config.stash[SESSION] = NetnsSession(
            read_settings(config, options),
            config.invocation_params.dir,
            progress=lambda text: _print(config, f"netns-mysql: {text}"),
            watch=lambda: _register_runner(config),
        )
        config.stash[LOOK_AHEAD] = lambda run: _look_ahead(config, run)
        # Not in pytest_unconfigure, which is not called if a conftest raises an error.
        config.add_cleanup(config.stash[SESSION].close)
    return config.stash[SESSION]


def _look_ahead(config: pytest.Config, run: pytest.Session) -> None:
    from pytest_netns_mysql.collection.lookahead import look_ahead

    look_ahead(config.stash[SESSION], run)


def _keep_workers_in_order(config: pytest.Config, session: NetnsSession) -> None:
    """Have xdist give no worker plain tests after netns tests, if workers cannot return to the host's network."""
    from pytest_netns_mysql.collection import ordering

    if ordering.splits_scopes(config.option):
        with contextlib.suppress(NetnsError):  # with which the workers fail
            if not session.networks.will_return():
                config.pluginmanager.register(ordering.Workers(), "netns_workers")


def _register_runner(config: pytest.Config) -> None:
    """Register the hooks around tests, unless they are registered. A run without netns tests has no such hooks."""
    if not config.pluginmanager.has_plugin("netns_runner"):
        from pytest_netns_mysql.run.runner import Runner

        config.pluginmanager.register(Runner(config.stash[SESSION]), "netns_runner")


def _print(config: pytest.Config, line: str) -> None:
    """Print a line past pytest's capturing, so that users know why a run takes long to start."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is None or capture is None:
        print(line, file=sys.__stderr__, flush=True)
        return
    with capture.global_and_fixture_disabled():
        reporter.ensure_newline()
        reporter.write_line(line)
