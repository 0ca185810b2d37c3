"""How a server is to be, and what follows from it: its addresses, its options."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_netns_mysql import arguments
from pytest_netns_mysql.errors import EndpointError
from pytest_netns_mysql.kernel.namespaces import capabilitynames
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.mysql.dialects.options import OptionValue, checked, initial, is_on, merge
from pytest_netns_mysql.mysql.mysqld.listeners import Listeners, Written, as_text

if TYPE_CHECKING:
    from pytest_netns_mysql.endpoint import Endpoint
    from pytest_netns_mysql.mysql.load.load import Load
    from pytest_netns_mysql.mysql.mysqld.kind import Kind

ADDRESSES = ("bind_address", "admin_address", "mysqlx_bind_address")
OF_A_START = (*ADDRESSES, "check_endpoints", "require_mysqlx", "drop_capabilities")


@dataclass(frozen=True)
class ServerPlan:
    """Say how a server is to be: where it listens, its options, whence its data, how patient we are.

    Shape: ``bind_address`` None means the topology's; ``options`` as mysqld names them; ``drop_capabilities``
    names what mysqld is to lack, such as ``CAP_SYS_ADMIN``; ``start_timeout`` is in seconds. Without
    ``check_endpoints`` mysqld takes addresses as they are written, without ``require_mysqlx`` X Plugin need not come
    up; ``load`` is what its data directory is loaded with; ``factory`` is the factory that asked for it. See the
    manual, bind_address, admin_address and mysqlx_bind_address.
    """

    kind: Kind
    cache: Path
    progress: Callable[[str], None]
    bind_address: str | Sequence[str] | None = None
    admin_address: str | None = None
    mysqlx_bind_address: str | Sequence[str] | None = None
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    check_endpoints: bool = True
    require_mysqlx: bool = True
    drop_capabilities: str | Sequence[str] = ()
    load: tuple[Load, ...] = ()
    start_timeout: float = 30.0
    name: str = "mysqld"
    factory: str | None = None

    @property
    def where(self) -> str:
        """Return the server's name for messages."""
        return f"server {self.name}"

    def changed(self, changes: Mapping[str, Any]) -> ServerPlan:
        """Return the plan of another start on the same data: what is no part of a plan is an option of mysqld's."""
        known = {name: value for name, value in changes.items() if name in OF_A_START}
        others = {name: value for name, value in changes.items() if name not in OF_A_START}
        arguments.check(f"restart of {self.where}: restart", arguments.OF_A_START, known)
        checked(others, where=f"restart of {self.where}")
        return replace(self, **known, options={**self.options, **others})

    def complete_options(self) -> dict[str, OptionValue]:
        """Return all of mysqld's options; X Plugin is switched on where it has somewhere to listen."""
        layers = [checked(self.options, where=self.where)]
        layers += [] if self.mysqlx_bind_address is None else [{"mysqlx": True}]
        return merge(*layers, defaults=self.kind.dialect.defaults)

    def initial_options(self) -> dict[str, OptionValue]:
        """Return those that decide what a data directory is made as."""
        return initial(self.complete_options(), self.kind.dialect.defaults)

    def listeners(self, network: Network) -> Listeners:
        """Return where the server is to listen; raise EndpointError, SettingError."""
        capabilitynames.to_mask(self.drop_capabilities, where=self.where)
        self.kind.refuse({**vars(self), **({} if self.factory is None else {"factory": self.factory})}, self.where)
        if self.kind.listens is not None:
            return self._of_another(self.kind.listens, network)
        written: Written = {key: getattr(self, key) for key in ADDRESSES}
        options = self.complete_options()
        if is_on(options, "skip_networking") and self.check_endpoints:
            for key, value in written.items():
                if value is not None:
                    raise EndpointError(
                        f"{key} = {as_text(value)!r}: skip_networking is on, and the server would listen nowhere "
                        "without a word",
                        where=self.where,
                        remedies=[f"leave out {key}, or skip_networking"],
                    )
        elif self.bind_address is None and not is_on(options, "skip_networking"):
            written = {**written, "bind_address": network.topology.bind_address}
        return Listeners(written, options, network, self.where, checked=self.check_endpoints)

    def _of_another(self, listens: Endpoint, network: Network) -> Listeners:
        """Return where a server listens that others started: where the plan says, else where it was found."""
        written: Written = {"bind_address": listens.address if self.bind_address is None else self.bind_address}
        return Listeners(written, {"port": listens.port}, network, self.where, checked=False)
