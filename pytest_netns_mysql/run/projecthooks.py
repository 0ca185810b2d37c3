"""The hooks that a project implements: called in order, and what they return checked, see ``hookspecs``."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from pytest_netns_mysql.errors import HookError, NetnsError, in_short

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec
    from pytest_netns_mysql.mysql.server import MySQLServer
    from pytest_netns_mysql.report.reportdata import Section, TestReport
    from pytest_netns_mysql.topology.topology import Topology

_TOPOLOGY = "pytest_netns_topology"
_SERVER = "pytest_netns_server_spec"
_SECTIONS = "pytest_netns_report_sections"
_OWN_PLUGIN = "netns_project_hooks"
_CONFTEST = "conftest.py"
_FIXED = ("name", "factory")
_A_TOPOLOGY = "return dataclasses.replace(topology, ...), load(...) or from_mapping(...), or None for no change"
_A_SPEC = "return spec.changed({...}) or dataclasses.replace(spec, ...), or None for no change"
_A_LIST = 'return [("title", "text")], or None for no section'
_SOONER = "move the hook to the conftest.py beside the ini file, or to a plugin that -p or pytest_plugins loads"


@dataclass(frozen=True)
class _Implementation:
    """One plugin's implementation of a hook.

    Attributes:
        hook: The name of the hook.
        plugin: The plugin's name for messages; of a conftest.py its path from the rootdir.
        file: The file of the function, or None.
        where: The file and line of the function, for messages.
        call: Calls this implementation, and no other plugin's.
    """

    hook: str
    plugin: str
    file: Path | None
    where: str
    call: Callable[..., Any]

    def __str__(self) -> str:
        return f"the hook {self.hook} of {self.plugin}"

    def __call__(self, **arguments: Any) -> Any:
        """Return what the implementation returns; raise HookError for its exceptions, and our errors with its place."""
        try:
            return self.call(**arguments)
        except NetnsError as error:
            raise self.placed(error) from error
        except Exception as error:
            raise HookError(f"{self} failed: {type(error).__name__}: {error}", where=self.where) from error

    def placed(self, error: NetnsError) -> NetnsError:
        """Return an error that also names this implementation."""
        return error._at(f"{self.where}, {self}" if error.where is None else f"{error.where}, by {self} ({self.where})")

    def refused(self, returned: object, allowed: str, *remedies: str) -> HookError:
        """Return the error for what the implementation returned."""
        return HookError(
            f"{self} returned {in_short(returned)}, expected {allowed}", where=self.where, remedies=remedies
        )


class _Unchanged:
    """The implementations that change nothing: what a wrapper gets from its ``yield`` without any other."""

    @pytest.hookimpl(trylast=True)
    def pytest_netns_topology(self, topology: Topology) -> Topology:
        return topology

    @pytest.hookimpl(trylast=True)
    def pytest_netns_server_spec(self, spec: ServerSpec) -> ServerSpec:
        return spec


class ProjectHooks:
    """The hooks that the plugins and conftests of a run implement. Nothing is called where there are none."""

    def __init__(self, config: pytest.Config, in_time: Callable[[], Collection[str] | None]) -> None:
        """Register what a wrapper wraps; call nothing yet.

        Args:
            config: The configuration of the run.
            in_time: Returns the names of the plugins that were there before the collection; None while that is to come.
        """
        if not config.pluginmanager.has_plugin(_OWN_PLUGIN):  # the session may be made anew
            config.pluginmanager.register(_Unchanged(), _OWN_PLUGIN)
        self._config = config
        self._in_time = in_time
        self._topologies: dict[int, tuple[Topology, Topology]] = {}
        self._asked: list[str] = []  # who was asked for the topologies

    @property
    def changes_topologies(self) -> bool:
        """Whether a plugin may change topologies."""
        return bool(self._others(self._config.hook.pytest_netns_topology))

    @property
    def changes_servers(self) -> bool:
        """Whether a plugin may change servers."""
        return bool(self._others(self._config.hook.pytest_netns_server_spec))

    def describe(self) -> list[str]:
        """Return a line for each hook that changes the run, with the plugins that implement it."""
        hooks = {_TOPOLOGY: "topologies", _SERVER: "servers"}
        found = [(name, what, self._implementations(name, self._config.hook)) for name, what in hooks.items()]
        return [
            f"netns: {name} of {', '.join(each.plugin for each in implementations)} may change {what}"
            for name, what, implementations in found
            if implementations
        ]

    def topology(self, topology: Topology) -> Topology:
        """Return what the hooks make of a topology; the same object each time.

        Raises:
            HookError: An implementation is wrong.
            TopologyError, EndpointError: The changed topology breaks a rule.
        """
        asked = [each.plugin_name for each in self._others(self._config.hook.pytest_netns_topology)]
        if not asked:
            return topology
        if asked != self._asked:
            self._asked = asked
            self._topologies.clear()
        if id(topology) not in self._topologies:
            self._topologies[id(topology)] = topology, self._changed_topology(topology)
        return self._topologies[id(topology)][1]

    def _changed_topology(self, topology: Topology) -> Topology:
        from pytest_netns_mysql.topology.topology import Topology

        for implementation in self._changing(_TOPOLOGY):
            returned = implementation(config=self._config, topology=topology)
            if returned is None:
                continue
            if not isinstance(returned, Topology):
                raise implementation.refused(returned, "a Topology or None", _A_TOPOLOGY)
            try:
                returned.plan  # noqa: B018 - raises an error for a topology that breaks a rule
            except NetnsError as error:
                raise implementation.placed(error) from error
            topology = returned
        return topology

    def server_spec(self, fixture: str, spec: ServerSpec, topology: Topology) -> ServerSpec:
        """Return what the hooks make of a server's configuration.

        Args:
            fixture: The fixture that makes the server.
            spec: The configuration.
            topology: The topology that the server listens in.

        Raises:
            HookError: An implementation is wrong.
            SettingError, EndpointError, LoadError: The changed configuration breaks a rule.
        """
        if not self.changes_servers:
            return spec
        from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec

        for implementation in self._changing(_SERVER):
            returned = implementation(config=self._config, fixture=fixture, spec=spec, topology=topology)
            if returned is None or returned is spec:
                continue
            if not isinstance(returned, ServerSpec):
                raise implementation.refused(returned, "a ServerSpec or None", _A_SPEC)
            spec = _checked(implementation, spec, returned, topology)
        return spec

    def report_sections(
        self, item: pytest.Item, report: TestReport, network: Network | None, servers: Sequence[MySQLServer]
    ) -> tuple[Section, ...]:
        """Return the sections that the hooks add to a report; an error is a section, too: a report never fails a run.

        Args:
            item: The failed test.
            report: Its report.
            network: The network that it ran in, or None.
            servers: The running servers.
        """
        if not self._others(item.ihook.pytest_netns_report_sections):
            return ()
        here = [server for server in servers if server.network is network]
        found: list[Section] = []
        for implementation in self._implementations(_SECTIONS, item.ihook):
            found += _sections_of(implementation, item=item, report=report, network=network, servers=here)
        return tuple(found)

    def _others(self, hook: Any) -> list[Any]:
        """Return the implementations of a hook in the order of their calls, wrappers last, without our own."""
        found = [each for each in hook.get_hookimpls() if each.plugin_name != _OWN_PLUGIN]
        is_wrapper = [each.wrapper or each.hookwrapper for each in found]
        plain = [each for each, wraps in zip(found, is_wrapper, strict=True) if not wraps]
        # The innermost wrapper comes first, as pluggy calls what follows a yield.
        return [*reversed(plain), *(each for each, wraps in zip(found, is_wrapper, strict=True) if wraps)]

    def _implementations(self, name: str, hooks: Any) -> list[_Implementation]:
        """Return the implementations of a hook, each to be called alone, so that an error can name its plugin."""
        found = self._others(getattr(hooks, name))
        return [
            self._implementation(name, each, [other.plugin for other in found if other is not each]) for each in found
        ]

    def _implementation(self, name: str, found: Any, others: Sequence[object]) -> _Implementation:
        function = found.function
        code = getattr(getattr(function, "__func__", function), "__code__", None)
        plugin = self._plugin_of(found)
        return _Implementation(
            hook=name,
            plugin=plugin,
            file=None if code is None else Path(code.co_filename),
            where=plugin if code is None else f"{code.co_filename}, line {code.co_firstlineno}",
            call=self._config.pluginmanager.subset_hook_caller(name, others),
        )

    def _changing(self, name: str) -> list[_Implementation]:
        """Return the implementations of a hook that changes the run; raise HookError for a conftest read too late."""
        in_time = self._in_time()
        implementations = self._implementations(name, self._config.hook)
        for implementation, found in zip(implementations, self._others(getattr(self._config.hook, name)), strict=True):
            if in_time is not None and _is_conftest(found) and found.plugin_name not in in_time:
                raise HookError(
                    f"{implementation} comes too late: pytest reads this conftest.py while it collects",
                    where=implementation.where,
                    remedies=[_SOONER],
                )
        return implementations

    def _plugin_of(self, implementation: Any) -> str:
        name: str = implementation.plugin_name
        if Path(name).is_absolute():
            return os.path.relpath(name, self._config.rootpath)
        return f"the plugin {type(implementation.plugin).__name__ if name.isdigit() else name}"


def _is_conftest(implementation: Any) -> bool:
    plugin = implementation.plugin
    return isinstance(plugin, ModuleType) and Path(plugin.__file__ or "").name == _CONFTEST


def _checked(
    implementation: _Implementation, before: ServerSpec, returned: ServerSpec, topology: Topology
) -> ServerSpec:
    """Return the changed configuration, with absolute paths; raise the error that says what is wrong with it."""
    from pytest_netns_mysql import arguments
    from pytest_netns_mysql.mysql.load.loads import with_absolute_paths

    for name in _FIXED:
        if getattr(returned, name) != getattr(before, name):
            what = f"a ServerSpec with {name} = {in_short(getattr(returned, name))}"
            raise HookError(
                f"{implementation} returned {what}, expected {in_short(getattr(before, name))}",
                where=implementation.where,
                remedies=[f"leave {name} as it is: dataclasses.replace(spec, ...) keeps it"],
            )
    kinds = {**arguments.OF_A_START, "load": arguments.LOAD, "mysqld": arguments.SERVER.or_none()}
    changes = {name: getattr(returned, name) for name in kinds if getattr(returned, name) != getattr(before, name)}
    try:
        arguments.check("ServerSpec", kinds, changes)
        if "load" in changes and implementation.file is not None:
            returned = replace(returned, load=with_absolute_paths(changes["load"], implementation.file.parent))
        returned._check(topology, where=implementation.where)
    except NetnsError as error:
        raise error._at(f"{implementation.where}, {implementation}") from error
    return returned


def _sections_of(implementation: _Implementation, **arguments: Any) -> Iterator[Section]:
    from pytest_netns_mysql.report.reportdata import Section

    try:
        for returned in implementation(**arguments):
            if not _are_sections(returned):
                raise implementation.refused(returned, "a list of (title, text), or None", _A_LIST)
            yield from (Section(title, text) for title, text in returned)
    except (NetnsError, pytest.fail.Exception, pytest.skip.Exception) as error:
        yield Section(f"error in {implementation.hook}", str(error))


def _are_sections(returned: object) -> bool:
    return isinstance(returned, list | tuple) and all(
        isinstance(each, list | tuple) and len(each) == 2 and all(isinstance(part, str) for part in each)
        for each in returned
    )
