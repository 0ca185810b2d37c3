"""The pytest plugin: hooks that translate, and nothing else."""

from __future__ import annotations

import contextlib
import copy
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.collection import overview
from pytest_netns_mysql.collection.marker import SERVERS_HELP, is_netns_test
from pytest_netns_mysql.errors import NetnsError, SettingError
from pytest_netns_mysql.run import leftovers, pytest_internals
from pytest_netns_mysql.run.entry import ENTRY, Entry
from pytest_netns_mysql.run.session import SESSION, NetnsSession
from pytest_netns_mysql.run.start import START, Start, is_distributed
from pytest_netns_mysql.run.stash import LOOK_AHEAD, NAMESPACE

if TYPE_CHECKING:
    import argparse

pytest_plugins = ("pytest_netns_mysql.fixtures",)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the command line and the ini keys from the table of settings."""
    group = parser.getgroup("netns", "MySQL in network namespaces")
    for setting in table.TABLE:
        choices = f" ({', '.join(setting.choices)})" if setting.choices else ""
        default = f"; default {setting.default}" if setting.default else ""
        group.addoption(
            setting.option,
            dest=setting.ini,
            metavar=setting.metavar,
            default=None,
            help=f"{setting.help}{choices}{default}",
            **(overview.OPTION if setting.name == "topology" else {}),
        )
        parser.addini(setting.ini, f"{setting.help}{choices}{default}", default=None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Enter the user namespace of a rootless sandbox while this process has one thread; start a server that is needed.

    Both before pytest's capturing replaces the file descriptors, which this process needs to start again.
    """
    if overview.keep_paths(args):
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
        start.before_collection()  # it may join the user namespace of a server that stays up
    entry.enter()
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, check the settings."""
    config.addinivalue_line(
        "markers",
        "netns(*names, topology=None): run the test in each of these network namespaces; without a name in the "
        "sandbox's own; topology: a preset, a TOML file beside the test, or several with commas, in place of the run's",
    )
    config.addinivalue_line("markers", SERVERS_HELP)
    config.addinivalue_line("markers", leftovers.HELP)
    session = _session(config, config.option)
    start = config.stash.setdefault(START, Start(config, session))
    if ENTRY not in config.stash:  # as where a conftest names this plugin
        config.stash[ENTRY] = Entry(config, session)
    if hasattr(config, "workerinput"):
        start.before_collection()
    try:
        session.kinds.choices  # noqa: B018 - reading it is the check
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error
    if overview.is_wanted(config.option):
        overview.stay_in_one_process(config)
    elif is_distributed(config.option) and not hasattr(config, "workerinput"):
        _keep_workers_in_order(config, session)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Refuse a topology or a server that somebody named and that is not there, before anything is collected."""
    own = session.config.stash[SESSION]
    try:
        if "topology" in own.settings.given:
            own.topologies.of_settings  # noqa: B018 - reading it is the check
        if own.settings.mysqld != "auto":
            for choice in own.kinds.choices:
                if own.kinds.find(choice).listens is not None and is_distributed(session.config.option):
                    raise SettingError(
                        f"{choice} is one server, and the workers of xdist would undo on it what others of them do",
                        where=own.settings.given.get("mysqld"),
                        remedies=["run without -n"],
                    )
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a netns test over each topology, and in each namespace that its marker names; a mistake is its module's."""
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
    """Note where each netns test runs, once others have chosen and ordered them; start the server that they need."""
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
    for item in netns_items:
        parametrize.settle(item, own)
    try:
        own.mysqlx_over = parametrize.topologies_with_mysqlx(netns_items)
        if overview.is_wanted(config.option):
            return
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error
    if will_run:
        start.after_collection(parametrize.needing_default_server(items, own))
    _watch(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Where nobody gets home, put netns tests last: here nobody reorders them any more, as --failed-first does."""
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
    ordering.tell(session.config, session.items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show which servers died during tests that passed, and those that failed."""
    for line in leftovers.deaths(terminalreporter.stats.get("", ())):
        terminalreporter.write_line(f"netns: {line}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remember for the next run what this one needed; let the servers end while pytest sums up."""
    session.config.stash[START].remember()
    session.config.stash[ENTRY].remember()
    session.config.stash[SESSION].servers.end()


def pytest_runtestloop(session: pytest.Session) -> object:
    """Show the topologies and which tests run where, instead of running them, where that is asked for."""
    if not overview.is_wanted(session.config.option):
        return None
    for line in overview.lines(session.config.stash[SESSION], session.items):
        _say(session.config, line)
    return True


def pytest_report_header(config: pytest.Config) -> str | None:
    """Show the settings that somebody set."""
    session = config.stash[SESSION]
    if not session.settings.given:
        return None
    given = session.settings.given.items()
    values = ((name, getattr(session.settings, name) if name not in table.SECRET else "***", at) for name, at in given)
    return f"netns: {', '.join(f'{name}={value} ({at})' for name, value, at in values)}"


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Show which servers the run is on, flavour and version, and where an order that was asked for is not kept."""
    if not config.pluginmanager.has_plugin("netns_runner"):
        return []
    from pytest_netns_mysql.run import report

    session = config.stash[SESSION]
    needs_server = any("_netns_servers" in pytest_internals.fixture_names(item) for item in items)
    return [*(report.servers(session) if needs_server else ()), *([report.ORDER] if session.breaks_order else ())]


def _session(config: pytest.Config, options: argparse.Namespace) -> NetnsSession:
    if SESSION not in config.stash:

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

        def progress(text: str) -> None:
            _say(config, f"netns-mysql: {text}")

        try:
            found = table.beside(config.inipath.parent if config.inipath is not None else config.rootpath)
            settings = table.resolve(command_line, table.environment, ini, found)
        except NetnsError as error:
            raise pytest.UsageError(str(error)) from error
        config.stash[SESSION] = NetnsSession(
            settings, config.invocation_params.dir, progress=progress, watch=lambda: _watch(config)
        )
        config.stash[LOOK_AHEAD] = lambda run: _look_ahead(config, run)
        # Not in pytest_unconfigure: a run that a conftest breaks is never configured.
        config.add_cleanup(config.stash[SESSION].close)
    return config.stash[SESSION]


def _look_ahead(config: pytest.Config, run: pytest.Session) -> None:
    from pytest_netns_mysql.collection.lookahead import look_ahead

    look_ahead(config.stash[SESSION], run)


def _keep_workers_in_order(config: pytest.Config, session: NetnsSession) -> None:
    """Have xdist give no worker plain tests after netns tests, where nobody gets home."""
    from pytest_netns_mysql.collection import ordering

    if ordering.splits_scopes(config.option):
        with contextlib.suppress(NetnsError):  # without /proc, which the workers meet again
            if not session.networks.will_return():
                config.pluginmanager.register(ordering.Workers(), "netns_workers")


def _watch(config: pytest.Config) -> None:
    """Register the hooks around tests, which a run without netns tests does without."""
    if not config.pluginmanager.has_plugin("netns_runner"):
        from pytest_netns_mysql.run.runner import Runner

        config.pluginmanager.register(Runner(config.stash[SESSION]), "netns_runner")


def _say(config: pytest.Config, line: str) -> None:
    """Write a line past pytest's capturing: fetching a server takes seconds that want a reason."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is None or capture is None:
        print(line, file=sys.__stderr__, flush=True)
        return
    with capture.global_and_fixture_disabled():
        reporter.ensure_newline()
        reporter.write_line(line)
