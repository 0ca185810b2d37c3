"""The pytest plugin: hooks that translate, and nothing else."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_netns_mysql import settings as table
from pytest_netns_mysql.errors import NetnsError, SandboxError
from pytest_netns_mysql.marker import PARAMETER, check_names, is_netns_test, names_of, place
from pytest_netns_mysql.session import SESSION, NetnsSession

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
        )
        parser.addini(setting.ini, f"{setting.help}{choices}{default}", default=None)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Enter the user namespace of a rootless sandbox while this process has one thread.

    Only where the project set any of our settings: it says that netns tests are to be expected.
    """
    session = _session(early_config, early_config.known_args_namespace)
    if session.settings.given:
        from pytest_netns_mysql.kernel import sandbox

        if sandbox.needs_user_namespace(session.settings.mode):
            # The first netns test meets a refusal again, and says so.
            with contextlib.suppress(SandboxError):
                sandbox.enter_user_namespace()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, check the settings."""
    config.addinivalue_line(
        "markers",
        "netns(*names): run the test in each of these network namespaces; without a name in the sandbox's own",
    )
    _session(config, config.option)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let go of the sandbox."""
    session = config.stash.get(SESSION, None)
    if session is not None:
        session.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Refuse a topology or a server that somebody named and that is not there, before anything is collected."""
    own = session.config.stash[SESSION]
    try:
        if "topology" in own.settings.given:
            own.topology  # noqa: B018 - reading it is the check
        if own.settings.mysqld != "auto":
            own.distribution  # noqa: B018
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once in each namespace that its marker names; an unknown name is a collection error."""
    try:
        names = names_of(metafunc.definition)
        if not names:
            return
        session = metafunc.config.stash[SESSION]
        if not _topology_is_overridden(metafunc.definition):
            check_names(names, session.topology, metafunc.definition.nodeid)
    except NetnsError as error:
        pytest.fail(str(error), pytrace=False)
    if len(names) > 1:
        metafunc.fixturenames.append(PARAMETER)
        metafunc.parametrize(PARAMETER, names, ids=names)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note where each netns test runs; where nobody gets home, order them last."""
    netns_items = [item for item in items if is_netns_test(item)]
    if not netns_items:
        return
    from pytest_netns_mysql.factories import check_servers

    session = config.stash[SESSION]
    try:
        for item in netns_items:
            name = place(item)
            if not _topology_is_overridden(item):
                check_names([name], session.topology, item.nodeid)
                check_servers(item, session.topology)
            _require_network(item)
        session.needs_server = any("_netns_servers" in getattr(item, "fixturenames", ()) for item in netns_items)
        will_return = session.will_return()
    except NetnsError as error:
        raise pytest.UsageError(str(error)) from error
    if not will_return:
        last = set(netns_items)
        items.sort(key=lambda item: item in last)
    _watch(config)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Show the settings that somebody set."""
    session = config.stash[SESSION]
    if not session.settings.given:
        return None
    values = (f"{name}={getattr(session.settings, name)} ({place})" for name, place in session.settings.given.items())
    return f"netns: {', '.join(values)}"


def _session(config: pytest.Config, options: argparse.Namespace) -> NetnsSession:
    if SESSION not in config.stash:

        def command_line(setting: table.Setting) -> tuple[str, str] | None:
            value = getattr(options, setting.ini, None)
            return None if value is None else (value, f"command line {setting.option}")

        def ini(setting: table.Setting) -> tuple[str, str] | None:
            value = config.getini(setting.ini)
            return None if value is None else (str(value), f"{setting.ini} in {config.inipath or 'the ini options'}")

        def progress(text: str) -> None:
            _say(config, f"netns-mysql: {text}")

        try:
            settings = table.resolve(command_line, table.environment, ini)
        except NetnsError as error:
            raise pytest.UsageError(str(error)) from error
        config.stash[SESSION] = NetnsSession(
            settings, config.invocation_params.dir, progress=progress, watch=lambda: _watch(config)
        )
    return config.stash[SESSION]


def _watch(config: pytest.Config) -> None:
    """Register the hooks around tests, which a run without netns tests does without."""
    if not config.pluginmanager.has_plugin("netns_runner"):
        from pytest_netns_mysql.runner import Runner

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


def _topology_is_overridden(item: pytest.Item) -> bool:
    """Tell whether the test would get a netns_topology of its own project's, unknown before it is made."""
    definitions = item.session._fixturemanager.getfixturedefs("netns_topology", item)
    return definitions is not None and definitions[-1].func.__module__ != "pytest_netns_mysql.fixtures"


def _require_network(item: pytest.Item) -> None:
    """Have the network built for a marked test that asks for none of our fixtures."""
    names = getattr(item, "fixturenames", None)
    if names is None:
        from pytest_netns_mysql.errors import MarkerError

        raise MarkerError(
            "the netns marker works on Python tests only",
            where=item.nodeid,
            remedies=["use `netns-mysql run --netns NAME -- pytest ...` for tests of other kinds"],
        )
    if "netns" not in names:
        names.insert(0, "netns")
