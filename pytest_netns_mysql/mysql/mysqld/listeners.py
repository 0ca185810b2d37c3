"""The endpoints of a server: checked before the start, and found for the clients of each namespace."""

from __future__ import annotations

import contextlib
import errno
import itertools
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from ipaddress import IPv4Interface, IPv6Interface, ip_address

from pytest_netns_mysql.endpoint import GLOBAL, Endpoint, by_address, check, parse, parse_list
from pytest_netns_mysql.endpointkinds import ENDPOINT_KINDS
from pytest_netns_mysql.errors import EndpointError, NetnsError, SettingError, in_short
from pytest_netns_mysql.kernel.hosts import Names, known_names
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.mysql.dialects.options import OptionValue
from pytest_netns_mysql.optionnames import normal

_KINDS = {kind.name: kind.parameter for kind in ENDPOINT_KINDS}
_PORTS = {kind.parameter: (kind.port_option, kind.default_port) for kind in ENDPOINT_KINDS}

_LOCALHOST = "localhost"
_FAMILIES = frozenset({4, 6})

Interface = IPv4Interface | IPv6Interface
Written = Mapping[str, str | Sequence[str] | None]


class Listeners(Mapping[str, tuple[Endpoint, ...]]):
    """The endpoints of a server by the parameter that sets them, such as ``bind_address``.

    Attributes:
        texts: The value of each parameter as mysqld takes it.
        checked: True if the values were checked against the network.
    """

    def __init__(
        self,
        written: Written,
        options: Mapping[str, OptionValue],
        network: Network,
        where: str,
        *,
        checked: bool = True,
    ) -> None:
        """Read the endpoints.

        Args:
            written: The value of each parameter, or None.
            options: mysqld's options, for the ports.
            network: The network in whose namespaces the server listens.
            where: The server's name for messages.
            checked: Check the values against the network; otherwise mysqld takes them as they are, and only the
                endpoints that this plugin can read are known.

        Raises:
            EndpointError: A value is wrong.
            SettingError: A port option is not a port number.
        """
        self._network = network
        self._where = where
        self.checked = checked
        self._endpoints: dict[str, tuple[Endpoint, ...]] = {}
        self.texts: dict[str, str] = {}
        for key, value in written.items():
            if value is not None:
                endpoints = self._read_checked(key, value) if checked else _readable(key, value)
                option, default = _PORTS[key]
                port = read_port(option, options.get(option, default), where)
                self._endpoints[key] = tuple(replace(endpoint, port=port) for endpoint in endpoints)
                self.texts[key] = ",".join(map(str, endpoints)) if checked else as_text(value)

    def _read_checked(self, key: str, value: str | Sequence[str]) -> tuple[Endpoint, ...]:
        hosts = self._network.topology.plan.hosts
        endpoints = parse_list(value, key=key, where=self._where)
        addresses = {name: namespace.addresses for name, namespace in self._network.items()}
        check(endpoints, addresses, hosts=hosts, key=key, where=self._where)
        check_names(endpoints, hosts, key=key, where=self._where)
        return endpoints

    def __getitem__(self, key: str) -> tuple[Endpoint, ...]:
        return self._endpoints[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._endpoints)

    def __len__(self) -> int:
        return len(self._endpoints)

    def kinds_of(self, endpoint: Endpoint) -> list[str]:
        """Return the kinds of an endpoint; empty if the server does not listen there."""
        return [kind for kind, key in _KINDS.items() if endpoint in self.get(key, ())]

    def endpoint(self, namespace: str, kind: str) -> Endpoint:
        """Return the endpoint of a kind (``mysql``, ``admin`` or ``mysqlx``) in a namespace.

        Raises EndpointError if there is none, and UnknownNamespaceError for an unknown name.
        """
        _ = self._network[namespace]
        for endpoint in self._of_kind(kind):
            if endpoint.namespace == namespace:
                return endpoint
        raise self._no_endpoint(namespace, kind)

    def _of_kind(self, kind: str) -> tuple[Endpoint, ...]:
        if not isinstance(kind, str) or kind not in _KINDS:
            raise EndpointError(
                f"there is no kind of endpoint {in_short(kind)}", remedies=[f"use one of {', '.join(_KINDS)}"]
            )
        return self.get(_KINDS[kind], ())

    def _no_endpoint(self, namespace: str, kind: str) -> EndpointError:
        return EndpointError(
            f"the server has no {kind} endpoint in {namespace}",
            where=f"{_KINDS[kind]} of {self._where}",
            tried=[f"it listens on {', '.join(map(str, self._of_kind(kind))) or 'none'}"],
            remedies=[f"add an address of {namespace} to {_KINDS[kind]}"],
        )

    def endpoint_for(self, namespace: str, kind: str = "mysql") -> Endpoint:
        """Return the endpoint that a client in a namespace connects to: there, or else the first that it can reach.

        Raises EndpointError if the client can reach no endpoint, and UnknownNamespaceError for an unknown name.
        """
        of_client = self._network[namespace].addresses
        families: Set[int] = {address.version for address in of_client if not address.is_loopback}
        endpoints = self._of_kind(kind)
        there = (endpoint for endpoint in endpoints if endpoint.namespace == namespace)
        elsewhere = (endpoint for endpoint in endpoints if self._is_reached(endpoint, families))
        for endpoint in itertools.chain(there, elsewhere):  # lazily: most clients have an endpoint there
            if not endpoint.is_wildcard:
                return endpoint
            if namespace == GLOBAL:
                return replace(endpoint, address="127.0.0.1")
            if address := self._address_of_global(endpoint.families & families, of_client):
                return replace(endpoint, address=address)
        raise self._of_another_family(namespace, kind, families) or self._no_endpoint(namespace, kind)

    def _is_reached(self, endpoint: Endpoint, families: Collection[int]) -> bool:
        """Return True if a client in another namespace, with addresses of these families, may reach the endpoint."""
        addresses = by_address(endpoint, self._network.topology.plan.hosts)
        is_loopback = any(address.is_loopback for address in addresses) or endpoint.address.lower() == _LOCALHOST
        return not is_loopback and any(address.families & set(families) for address in addresses)

    def _address_of_global(self, families: Collection[int], of_client: Sequence[Interface]) -> str | None:
        """Return the address of ``global`` in a subnet of the client, or else the first of these families."""
        of_global = [
            address
            for address in self._network[GLOBAL].addresses
            if address.version in families and not address.is_loopback
        ]
        near = [address for address in of_global if any(address.ip in client.network for client in of_client)]
        return next((str(address.ip) for address in (*near, *of_global)), None)

    def _of_another_family(self, namespace: str, kind: str, families: Set[int]) -> EndpointError | None:
        """Return the error for a client with addresses of one family and a server that listens on the other family."""
        others = [endpoint for endpoint in self._of_kind(kind) if self._is_reached(endpoint, _FAMILIES - families)]
        if not others or len(families) != 1:
            return None
        (family,) = families
        return EndpointError(
            f"a client of {namespace} cannot reach the server: {namespace} has only IPv{family} addresses, but "
            f"{_KINDS[kind]} = {','.join(map(str, others))!r} takes IPv{10 - family}",
            where=f"{_KINDS[kind]} of {self._where}",
            remedies=[
                f"write {_KINDS[kind]} = '*' for both families",
                f"add an address of {namespace} to {_KINDS[kind]}",
                f"give {namespace} an IPv{10 - family} address, too",
            ],
        )

    def check_ports(self) -> None:
        """Raise EndpointError for a port that is in use; mysqld would report that late and in vague words."""
        for key, endpoints in self.items() if self.checked else ():
            for endpoint in endpoints:
                if not endpoint.is_wildcard and is_taken(self._network, endpoint):
                    raise port_taken(endpoint, key, self._where)


def port_taken(endpoint: Endpoint, key: str, where: str) -> EndpointError:
    """Return the error for an endpoint at which another server listens.

    Args:
        endpoint: The endpoint.
        key: The parameter that sets it.
        where: The server that was to listen there.
    """
    option = f"options={{'{_PORTS[key][0]}': {endpoint.port + 1}}}"
    return EndpointError(
        f"{key} = {str(endpoint)!r}: port {endpoint.port} is taken there",
        where=where,
        remedies=[f"give one of the two servers another {key}, or another port: {option}"],
    )


def check_names(endpoints: Sequence[Endpoint], hosts: Names, *, key: str, where: str) -> None:
    """Raise EndpointError for a host name that mysqld cannot resolve: a sandbox has no DNS."""
    names = [end for end in endpoints if not end.is_wildcard and not is_address(end.address)]
    known = known_names(hosts) if names else []
    for endpoint in names:
        if endpoint.address.lower() not in [name.lower() for name in known]:
            raise EndpointError(
                f"{key} = {str(endpoint)!r}: unknown host name {endpoint.address}",
                where=where,
                tried=[f"the topology and /etc/hosts have {', '.join(known) or 'no name'}"],
                remedies=["add the name to the topology: hosts, or hosts of a namespace", "write an address instead"],
            )


def as_text(value: str | Sequence[str]) -> str:
    """Return addresses as mysqld takes them, in a list with commas."""
    return value if isinstance(value, str) else ",".join(value)


def _readable(key: str, value: str | Sequence[str]) -> tuple[Endpoint, ...]:
    """Return the endpoints in a value, without the parts that cannot be read."""
    found = []
    for text in as_text(value).split(","):
        with contextlib.suppress(EndpointError):
            found.append(parse(text, key=key))
    return tuple(found)


def check_port_options(options: Mapping[str, OptionValue], where: str) -> None:
    """Raise SettingError if the value of a port option is not a port number."""
    named = {normal(name): value for name, value in options.items()}
    for option, _ in _PORTS.values():
        if option in named:
            read_port(option, named[option], where)


def read_port(option: str, value: OptionValue, where: str) -> int:
    """Return the port that an option names; raise SettingError if its value is not a port number."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536):
        raise SettingError(
            f"the option {option} = {in_short(value)} is not a port number",
            where=where,
            remedies=["write a number from 1 to 65535"],
        )
    return int(text)


def is_address(text: str) -> bool:
    """Return True if ``text`` is an IP address, and not a host name."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_taken(network: Network, endpoint: Endpoint) -> bool:
    """Return True if a socket listens at an endpoint; raise NetnsError if the endpoint cannot be bound otherwise."""
    try:
        found = socket.getaddrinfo(
            endpoint.address, endpoint.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except socket.gaierror:
        return False  # a host name, which mysqld resolves itself
    with network[endpoint.namespace], socket.socket(found[0][0], socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(found[0][4])
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise NetnsError(f"{endpoint} cannot be bound: {error}") from error
    return False
