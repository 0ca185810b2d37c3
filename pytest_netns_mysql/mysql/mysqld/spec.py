"""What is asked of a server: its endpoints, its options, its initial data; checked before anything is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_netns_mysql import arguments
from pytest_netns_mysql.endpointkinds import ADDRESS_PARAMETERS
from pytest_netns_mysql.mysql.dialects.options import OptionValue, checked
from pytest_netns_mysql.optionnames import base_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_netns_mysql.mysql.load.loads import Entry, InSchema, Load
    from pytest_netns_mysql.mysql.mysqld.features import Request
    from pytest_netns_mysql.mysql.mysqld.kind import Kind
    from pytest_netns_mysql.topology.topology import Topology

_S = TypeVar("_S", bound="ServerSpec")

OF_A_START = (*ADDRESS_PARAMETERS, "check_endpoints", "require_mysqlx", "drop_capabilities")
"""The fields that a restart may change; every other name is an option of mysqld."""


@dataclass(frozen=True)
class ServerSpec:
    """Configuration of one server: endpoints, options and initial data.

    Factories, topologies, ``netns-mysql up`` and netns_start_mysqld all build it. See the manual, bind_address,
    admin_address and mysqlx_bind_address.

    Attributes:
        name: The server's name, in messages and as the name of its folder.
        bind_address: ``addr/ns`` endpoints, as a comma list or a sequence; None for the topology's.
        admin_address: The ``addr/ns`` endpoint for administrators, or None.
        mysqlx_bind_address: ``addr/ns`` endpoints of X Plugin, which is switched off for None.
        options: Options of mysqld, named as in an option file.
        load: SQL files, folders of SQL files, and functions, in the order in which they are loaded.
        check_endpoints: Whether the endpoints are checked; without, mysqld gets them as they are written.
        require_mysqlx: Whether the start fails if X Plugin does not listen on all of its endpoints.
        drop_capabilities: Capabilities that mysqld starts without, such as ``CAP_SYS_ADMIN``.
        where_load: The place that errors of ``load`` name; None for the place of other errors.
        mysqld: The server's program or image, as the setting netns_mysqld names it; None for the run's.
        factory: The factory that makes the server, as named in ``pytest_netns_mysql.factories``; None for a topology's.
    """

    name: str = "mysqld"
    bind_address: str | Sequence[str] | None = None
    admin_address: str | None = None
    mysqlx_bind_address: str | Sequence[str] | None = None
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    load: tuple[Entry | Load | InSchema, ...] = ()
    check_endpoints: bool = True
    require_mysqlx: bool = True
    drop_capabilities: str | Sequence[str] = ()
    where_load: str | None = None
    mysqld: str | None = None
    factory: str | None = None

    @classmethod
    def _of_topology(cls, topology: Topology, *, mysqlx: bool = False) -> ServerSpec:
        """Return the configuration that a topology's ``[mysqld]`` table describes.

        Args:
            topology: The topology.
            mysqlx: Whether X Plugin listens where ``bind_address`` says if the table does not say where.
        """
        table = topology.mysqld
        wants_mysqlx = mysqlx and table.mysqlx_bind_address is None
        return cls(
            bind_address=table.bind_address,
            admin_address=table.admin_address,
            mysqlx_bind_address=topology.bind_address if wants_mysqlx else table.mysqlx_bind_address,
            options=table.options,
            load=_entries(topology),
            where_load=f"{topology.source}: mysqld.load",
        )

    @property
    def _where(self) -> str:
        """The place that error messages name: the server."""
        return f"server {self.name}"

    @property
    def _addresses(self) -> dict[str, str | Sequence[str] | None]:
        """The three address fields by name, as they are written."""
        return {key: getattr(self, key) for key in ADDRESS_PARAMETERS}

    def _with_options(self, defaults: Mapping[str, OptionValue]) -> ServerSpec:
        """Return the same configuration with options that hold where ``options`` does not set them."""
        own = {base_name(name) for name in self.options}
        rest = {name: value for name, value in defaults.items() if base_name(name) not in own}
        return replace(self, options={**rest, **self.options})

    def changed(self: _S, changes: Mapping[str, Any]) -> _S:
        """Return a copy with other options, as for a restart on the same data.

        Args:
            changes: Fields of ``OF_A_START``, and options of mysqld by name.

        Raises:
            SettingError: An option cannot be changed, or a value is of the wrong kind.
        """
        known = {name: value for name, value in changes.items() if name in OF_A_START}
        others = {name: value for name, value in changes.items() if name not in OF_A_START}
        arguments.check(f"restart of {self._where}: restart", arguments.OF_A_START, known)
        checked(others, where=f"a change of {self._where}")
        return replace(self, **known, options={**self.options, **others})

    def _requests(self) -> Iterator[Request]:
        """Yield each feature that the server must have, with the argument that asks for the feature."""
        from pytest_netns_mysql.mysql.mysqld import features

        if self.factory is not None:
            yield from features.of_factory(self.factory)
        yield from features.of_configuration(
            admin_address=self.admin_address,
            mysqlx_bind_address=self.mysqlx_bind_address,
            options=self.options,
            load=self.load,
            drop_capabilities=self.drop_capabilities,
            check_endpoints=self.check_endpoints,
        )

    def _check(
        self,
        topology: Topology,
        kinds: Sequence[Kind] = (),
        *,
        where: str,
        where_options: str | None = None,
    ) -> None:
        """Check everything that can be known before the server starts.

        Args:
            topology: The topology that the server will listen in.
            kinds: The kinds of server that the configuration is for.
            where: The place that error messages name.
            where_options: The place for errors of options; ``where`` by default.

        Raises:
            EndpointError: An endpoint breaks a rule, or no namespace has its address.
            SettingError: An option or a capability is wrong.
            LoadError: Something to load does not exist.
            ServerVersionError: A kind of server lacks a feature.
        """
        from pytest_netns_mysql.kernel.namespaces import capabilitynames
        from pytest_netns_mysql.mysql.load.loads import find_loads
        from pytest_netns_mysql.mysql.mysqld.kind import check_features
        from pytest_netns_mysql.mysql.mysqld.listeners import check_names, check_port_options
        from pytest_netns_mysql.topology.planning.endpoints import check_endpoints

        where_options = where_options or where
        find_loads(self.load, where=self.where_load or where)
        checked(self.options, where=where_options)
        capabilitynames.to_mask(self.drop_capabilities, where=where)
        if self.check_endpoints:
            check_port_options(self.options, where_options)
            for key, value in self._addresses.items():
                if value is not None:
                    endpoints = check_endpoints(value, topology.plan, key, where)
                    check_names(endpoints, topology.plan.hosts, key=key, where=where)
        for kind in kinds:
            check_features(kind, self._requests(), where)


def _entries(topology: Topology) -> tuple[Entry | Load | InSchema, ...]:
    """Return what a topology's server is loaded with."""
    from pytest_netns_mysql.mysql.load import loads

    if not topology.mysqld.environment:
        return loads.entries_of(topology)
    from pytest_netns_mysql.mysql.load.imagevariables import entries_with_variables

    return entries_with_variables(topology)
