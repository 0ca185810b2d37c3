"""A server's configuration for one kind of server: its complete options, and where it listens in a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import EndpointError
from pytest_netns_mysql.kernel.namespaces import capabilitynames
from pytest_netns_mysql.mysql.dialects.defaultoptions import default_options
from pytest_netns_mysql.mysql.dialects.options import OptionValue, checked, initial, is_on, merge
from pytest_netns_mysql.mysql.mysqld.kind import check_features
from pytest_netns_mysql.mysql.mysqld.listeners import Listeners, as_text
from pytest_netns_mysql.mysql.mysqld.spec import ServerSpec

if TYPE_CHECKING:
    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.kernel.network import Network
    from pytest_netns_mysql.mysql.load.loads import Load
    from pytest_netns_mysql.mysql.mysqld.kind import Kind


@dataclass(frozen=True)
class ResolvedSpec(ServerSpec):
    """Configuration of one server of a known kind, whose initial data was found.

    Attributes:
        kind: The kind of server.
        cache: The folder of templates and seeds.
        progress: Takes a line of text that tells what takes long.
        start_timeout: The time that a start may take, in seconds.
    """

    load: tuple[Load, ...] = ()
    _: KW_ONLY
    kind: Kind
    cache: Path
    progress: Callable[[str], None]
    start_timeout: float = 30.0

    def complete_options(self) -> dict[str, OptionValue]:
        """Return all options of mysqld; X Plugin is switched on if it has an endpoint."""
        layers = [checked(self.options, where=self._where)]
        layers += [] if self.mysqlx_bind_address is None else [{"mysqlx": True}]
        return merge(*layers, defaults=default_options(self.kind.flavor))

    def initial_options(self) -> dict[str, OptionValue]:
        """Return the options that a data directory is made for, see the manual, "Initializing the Data Directory"."""
        return initial(self.complete_options(), default_options(self.kind.flavor))

    def listeners(self, network: Network) -> Listeners:
        """Return the endpoints of the server in a network.

        Raises:
            EndpointError: An endpoint breaks a rule, or no namespace has its address.
            SettingError: A port or a capability is wrong.
            ServerVersionError: The kind of server lacks a feature.
        """
        capabilitynames.to_mask(self.drop_capabilities, where=self._where)
        check_features(self.kind, self._requests(), self._where)
        if self.kind.listens is not None:
            return self._of_others(self.kind.listens, network)
        written = self._addresses
        options = self.complete_options()
        is_silent = is_on(options, "skip_networking")
        if is_silent and self.check_endpoints:
            self._raise_if_silenced(written)
        elif self.bind_address is None and not is_silent:
            written = {**written, "bind_address": network.topology.bind_address}
        return Listeners(written, options, network, self._where, checked=self.check_endpoints)

    def _raise_if_silenced(self, written: dict[str, str | Sequence[str] | None]) -> None:
        for key, value in written.items():
            if value is not None:
                raise EndpointError(
                    f"{key} = {as_text(value)!r}: skip_networking is on, and the server would not listen there",
                    where=self._where,
                    remedies=[f"leave out {key}, or skip_networking"],
                )

    def _of_others(self, found: Endpoint, network: Network) -> Listeners:
        """Return the endpoints of a server that others run: those that are written, or where it was found."""
        written = {"bind_address": found.address if self.bind_address is None else self.bind_address}
        return Listeners(written, {"port": found.port}, network, self._where, checked=False)


def resolve(
    spec: ServerSpec, kind: Kind, *, cache: Path, progress: Callable[[str], None], start_timeout: float = 30.0
) -> ResolvedSpec:
    """Return a configuration for one kind of server, with everything to load found.

    Args:
        spec: The configuration.
        kind: The kind of server.
        cache: The folder of templates and seeds.
        progress: Takes a line of text that tells what takes long.
        start_timeout: The time that a start may take, in seconds.

    Raises:
        LoadError: Something to load does not exist.
    """
    from pytest_netns_mysql.mysql.load.loads import find_loads

    values = {field.name: getattr(spec, field.name) for field in fields(ServerSpec)}
    values["load"] = find_loads(spec.load, where=spec.where_load or spec._where)
    return ResolvedSpec(**values, kind=kind, cache=cache, progress=progress, start_timeout=start_timeout)
