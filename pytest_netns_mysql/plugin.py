"""The pytest plugin: what every run needs, also one without netns tests. The hooks for netns tests are in ``hooks``."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import argparse

_PACKAGE = "pytest_netns_mysql."


class _Finder:
    """Finds the modules of this package for Python's own loader.

    pytest loads the modules of a plugin by a loader of its own, which rewrites assertions. These modules have none, and
    that loader takes twice as long for each of them.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find a module of this package, and no other; see the class MetaPathFinder of importlib."""
        return PathFinder.find_spec(name, path, target) if name.startswith(_PACKAGE) else None


sys.meta_path.insert(0, _Finder)  # before any import from this package

from pytest_netns_mysql.collection.netnstests import is_netns_test  # noqa: E402
from pytest_netns_mysql.run.pytestoptions import DIED, MARKERS, add_options  # noqa: E402
from pytest_netns_mysql.run.stash import IN_TIME, WAKE  # noqa: E402
from pytest_netns_mysql.run.wanted import is_set, is_wanted, writes_report  # noqa: E402

pytest_plugins: tuple[str, ...] = ("pytest_netns_mysql.fixtures",)

_HOOKS = "netns_hooks"


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that projects implement."""
    from pytest_netns_mysql import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the command line options and the ini keys of all settings."""
    add_options(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Prepare the run for netns tests, if something says that it has any, before conftests are imported.

    This is before pytest's capturing replaces the file descriptors, which this process may need to start again.
    """
    if is_wanted(early_config):
        from pytest_netns_mysql import hooks

        hooks.separate_paths(early_config, parser, args)
        # The rest of the command line is parsed only when the conftests are imported.
        _wake(early_config, early_config.known_args_namespace).before_conftests(early_config)
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; check the settings."""
    for line in MARKERS:
        config.addinivalue_line("markers", line)
    config.stash[WAKE] = lambda: _wake(config)
    changing = (config.hook.pytest_netns_topology, config.hook.pytest_netns_server_spec)
    config.stash[IN_TIME] = {each.plugin_name for hook in changing for each in hook.get_hookimpls()}
    if is_set(config, config.option):  # by a conftest that loads this plugin
        _wake(config)
    if writes_report(config):  # also in the controller of xdist, where nothing else may have to do with netns tests
        from pytest_netns_mysql.run import reportwriting

        reportwriting.register(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Have the controller of xdist print what a worker tells the user."""
    from pytest_netns_mysql.run import printing

    printing.print_lines_of_worker(node)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a netns test; an error in its marker is a collection error of its module."""
    if is_netns_test(metafunc.definition, metafunc.fixturenames):
        _wake(metafunc.config).parametrize(metafunc)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, None, None]:
    """Note where each netns test runs, after other plugins have selected and ordered tests; start the server."""
    collected = list(items)
    if getattr(config.option, "loadgroup", False):
        from pytest_netns_mysql.run.leftovers import keep_together

        keep_together(items)
    if getattr(config.option, "stepwise", False) and any(map(is_netns_test, items)):
        _wake(config).order_for_stepwise(config, items)
    yield
    netns_items = [item for item in items if is_netns_test(item)]
    if netns_items or config.pluginmanager.has_plugin(_HOOKS):
        _wake(config).after_selection(session, items, netns_items, collected)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show which servers died, and during which tests; they may have died in workers of xdist."""
    for report in terminalreporter.stats.get("", ()):
        for title, text in getattr(report, "sections", ()):
            if DIED in title:
                terminalreporter.write_line(f"netns: {text}")


def _wake(config: pytest.Config, options: argparse.Namespace | None = None) -> ModuleType:
    """Return the hooks for netns tests, registered now if they are not yet.

    Args:
        config: The configuration of the run.
        options: The parsed command line, by default the whole.
    """
    from pytest_netns_mysql import hooks

    if not config.pluginmanager.has_plugin(_HOOKS):
        hooks.make_session(config, config.option if options is None else options)
        if options is None and not is_set(config, config.option):
            hooks.come_too_late(config)
        config.pluginmanager.register(hooks, _HOOKS)
    return hooks
