"""``addr/ns``: parse it, print it, check it against the addresses that exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address
from typing import NamedTuple

from pytest_netns_mysql.errors import EndpointError

GLOBAL = "global"


class EndpointKind(NamedTuple):
    """A kind of endpoint that a server has; see the manual, "Connection Interfaces".

    Attributes:
        name: What ``MySQLServer.endpoint`` calls the kind.
        parameter: mysqld's parameter for the addresses.
        port_option: mysqld's option for the port.
        default_port: The port where the option is not given.
        label: What tells the kind from the usual one in drawings.
    """

    name: str
    parameter: str
    port_option: str
    default_port: int
    label: str


MYSQL_ENDPOINT = EndpointKind("mysql", "bind_address", "port", 3306, "")
ADMIN_ENDPOINT = EndpointKind("admin", "admin_address", "admin_port", 33062, "admin")
MYSQLX_ENDPOINT = EndpointKind("mysqlx", "mysqlx_bind_address", "mysqlx_port", 33060, "X")
ENDPOINT_KINDS = (MYSQL_ENDPOINT, ADMIN_ENDPOINT, MYSQLX_ENDPOINT)
ADDRESS_PARAMETERS = tuple(kind.parameter for kind in ENDPOINT_KINDS)

WILDCARDS = ("*", "0.0.0.0", "::")  # noqa: S104 - named in order to be refused
_LONGEST_NAME = 255  # bytes of a file name

_NAMESPACE = re.compile(r"[^/\s,\x00]+")
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")

Addresses = Mapping[str, Sequence[IPv4Interface | IPv6Interface]]
Hosts = Sequence[tuple[str, IPv4Address | IPv6Address]]


@dataclass(frozen=True)
class Endpoint:
    """Name one place where a server listens.

    Shape: ``address`` is an IP address, a host name or a wildcard; ``namespace`` is ``global`` where the
    value names none; ``str()`` gives ``addr/ns`` as the server takes it.
    See the manual, "Network Namespace Support" and bind_address.
    """

    address: str
    namespace: str = GLOBAL
    port: int = MYSQL_ENDPOINT.default_port

    def __str__(self) -> str:
        return self.address if self.namespace == GLOBAL else f"{self.address}/{self.namespace}"

    @property
    def ip(self) -> IPv4Address | IPv6Address | None:
        """The IP address, or None for a host name and ``*``. An IPv4-mapped address is the IPv4 address in it."""
        return _ip(self.address)

    @property
    def families(self) -> frozenset[int]:
        """The address families of the clients that can connect, 4 and 6: both for ``*``, ``::`` and a host name."""
        ip = self.ip
        if ip is None or (ip.version == 6 and ip.is_unspecified):
            return frozenset({4, 6})
        return frozenset({ip.version})

    @property
    def is_wildcard(self) -> bool:
        """True if the address stands for every address of its namespace."""
        return _is_wildcard(self.address)

    @property
    def is_loopback(self) -> bool:
        """True if the address is a loopback address."""
        return self.ip is not None and self.ip.is_loopback


def name_fault(name: str) -> str | None:
    """Say why ``name`` cannot be a network namespace's name, or return None; see ip-netns(8)."""
    if name in ("", ".", ".."):
        return "it is empty or a path's own dot"
    if not _NAMESPACE.fullmatch(name):
        return "it holds a slash, a comma, white space or a NUL"
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return "it cannot be written in UTF-8"
    return f"it is longer than {_LONGEST_NAME} bytes" if length > _LONGEST_NAME else None


def parse(text: str, *, key: str = MYSQL_ENDPOINT.parameter, where: str | None = None) -> Endpoint:
    """Read one ``addr`` or ``addr/ns``.

    Raises EndpointError where the value breaks a rule of the manual's "Network Namespace Support".
    """

    def fault(why: str, *remedies: str) -> EndpointError:
        allowed = "write an address, or address/namespace, such as 192.0.2.2/red"
        return EndpointError(f"{key} = {text!r}: {why}", where=where, remedies=remedies or (allowed,))

    if re.search(r"\s", text):
        tidy = _without_space(text)
        raise fault("white space is not allowed in it", *([f"write {tidy!r}"] if tidy and "," not in tidy else []))
    if "," in text:
        raise fault("it is a list, and one address is wanted here", "give each address an item of its own")
    address, slash, namespace = text.partition("/")
    if not address:
        raise fault("the address is missing")
    if slash and (suffix := _suffix_fault(address, namespace)):
        raise fault(*suffix)
    if not _is_wildcard(address) and not _is_address_or_name(address):
        raise fault(f"{address!r} is neither an IP address nor a host name", *_meant(address, slash + namespace))
    return Endpoint(address, namespace or GLOBAL)


def _suffix_fault(address: str, namespace: str) -> tuple[str, ...] | None:
    """Say why ``namespace`` cannot follow ``address``, and what to write instead; None where it can."""
    if not namespace:
        return ("the namespace behind the slash is missing",)
    if reason := name_fault(namespace):
        return (f"{namespace!r} is no namespace's name: {reason}",)
    if namespace == GLOBAL:
        return "the global namespace has no name", f"write the address alone: {address}"
    if _is_wildcard(address):
        return f"a wildcard cannot have a namespace ({namespace})", f"write an address that {namespace} has"
    return None


def _without_space(text: str) -> str:
    """Drop white space beside commas, slashes and ends; what is left between two addresses is a missing comma."""
    return re.sub(r"\s+", ",", re.sub(r"\s*([,/])\s*", r"\1", text.strip()))


def _is_wildcard(text: str) -> bool:
    """Return True if ``text`` is a wildcard in any spelling: the server also takes 0::0 and ::ffff:0.0.0.0 for one."""
    ip = _ip(text)
    return text in WILDCARDS or (ip is not None and ip.is_unspecified)


def _is_address_or_name(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        # 300.0.2.2 would be a host name by its letters, and is a typing error by any reader's.
        return bool(_HOST.fullmatch(text)) and not re.fullmatch(r"[0-9.]+", text)
    return True


def _meant(address: str, suffix: str) -> list[str]:
    """Guess at an address that is written as in a URL: with a port, in brackets."""
    found = re.fullmatch(r"(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[^:\[\]]+))(?P<port>:[0-9]+)?", address)
    if found is None or not _is_address_or_name(plain := found["v6"] or found["v4"]):
        return []
    return [f"write {plain}{suffix}" + (", and the port in the option for it" if found["port"] else "")]


def parse_list(
    value: str | Sequence[str], *, key: str = MYSQL_ENDPOINT.parameter, where: str | None = None
) -> tuple[Endpoint, ...]:
    """Read a comma list, or a sequence, of ``addr/ns``.

    ``admin_address`` takes one address only. A wildcard stands alone. Raises EndpointError.
    """
    texts = value.split(",") if isinstance(value, str) else list(value)
    shown = value if isinstance(value, str) else ",".join(value)

    def fault(why: str, remedy: str) -> EndpointError:
        return EndpointError(f"{key} = {shown!r}: {why}", where=where, remedies=[remedy])

    if not all(text.strip() for text in texts) or not texts:
        raise fault(
            "an address is missing before, behind or between the commas",
            "list the addresses with single commas and nothing else, such as 127.0.0.1,192.0.2.2/red",
        )
    if isinstance(value, str) and re.search(r"\s", value):
        raise fault("white space is not allowed in it", f"write {_without_space(value)!r}")
    if key == ADMIN_ENDPOINT.parameter and len(texts) > 1:
        raise fault(f"it takes one address only, and this is {len(texts)}", f"keep one of {', '.join(texts)}")
    endpoints = tuple(parse(text, key=key, where=where) for text in texts)
    for endpoint in endpoints:
        if endpoint.is_wildcard and key == ADMIN_ENDPOINT.parameter:
            raise fault("it takes no wildcard", "write one address, such as 127.0.0.1 or 192.0.2.2/red")
        if endpoint.is_wildcard and len(endpoints) > 1:
            raise fault(
                f"the wildcard {endpoint.address} cannot stand in a list",
                f"write {endpoint.address} alone, or only the other addresses",
            )
    if twice := _twice(endpoints):
        raise fault(f"{twice} stands in it twice", "write it once")
    return endpoints


def _twice(endpoints: Sequence[Endpoint]) -> str | None:
    """Return the first endpoint that is there before, perhaps in another spelling."""
    seen: dict[object, Endpoint] = {}
    for endpoint in endpoints:
        place = endpoint.ip or endpoint.address.lower()
        first = seen.setdefault((place, endpoint.namespace), endpoint)
        if first is not endpoint:
            return str(first) if first == endpoint else f"{first}, also spelt {endpoint},"
    return None


def check(
    endpoints: Sequence[Endpoint],
    addresses: Addresses,
    *,
    hosts: Hosts = (),
    unknown: Collection[str] = (),
    key: str = MYSQL_ENDPOINT.parameter,
    where: str | None = None,
) -> None:
    """Check that each namespace exists and has the address; other host names are left to the server.

    Args:
        endpoints: What is checked.
        addresses: The addresses of every namespace, ``global`` among them.
        hosts: The topology's host names, each with an address.
        unknown: Namespaces whose addresses are not known yet; their endpoints are taken as they are.
        key: The parameter that the endpoints come from, for messages.
        where: Where the parameter is written, for messages.

    Raises:
        EndpointError: For the first endpoint that exists nowhere.
    """
    for endpoint in endpoints:
        for numeric in by_address(endpoint, hosts):
            if numeric.namespace not in unknown:
                _check_address(numeric, addresses, f"{key} = {str(numeric)!r}", where)


def by_address(endpoint: Endpoint, hosts: Hosts) -> list[Endpoint]:
    """Return the endpoint with each address of its host name, or as it is if the topology has no such name."""
    addresses = [address for name, address in hosts if name.lower() == endpoint.address.lower()]
    return [replace(endpoint, address=str(address)) for address in addresses] or [endpoint]


def _check_address(endpoint: Endpoint, addresses: Addresses, start: str, where: str | None) -> None:
    if endpoint.namespace not in addresses:
        known = [name for name in addresses if name != GLOBAL]
        near = difflib.get_close_matches(endpoint.namespace, known, n=1)
        meant = [*_at_home(endpoint, addresses), *(one for name in near for one in _nearest(endpoint, name, addresses))]
        raise EndpointError(
            f"{start}: there is no namespace {endpoint.namespace}",
            where=where,
            tried=[f"the topology has {', '.join(known) or 'no namespace'}"],
            remedies=[f"write {other}" for other in dict.fromkeys(meant)] or ["add the namespace to the topology"],
        )
    nearest = _nearest(endpoint, endpoint.namespace, addresses)
    if endpoint.is_wildcard or endpoint in nearest:
        return
    raise EndpointError(
        f"{start}: namespace {endpoint.namespace} has no address {endpoint.address}",
        where=where,
        tried=[f"{endpoint.namespace} has {', '.join(str(one.ip) for one in addresses[endpoint.namespace])}"],
        remedies=[f"write {other}" for other in dict.fromkeys([*_at_home(endpoint, addresses), *nearest])],
    )


def _at_home(endpoint: Endpoint, addresses: Addresses) -> list[Endpoint]:
    """Return the endpoint in each namespace that has its address; every namespace has the loopback's."""
    wanted = endpoint.ip
    return [
        replace(endpoint, namespace=name)
        for name, there in addresses.items()
        if any(wanted == one.ip and not one.is_loopback for one in there)
    ]


def _nearest(endpoint: Endpoint, namespace: str, addresses: Addresses) -> list[Endpoint]:
    """Return the endpoint as it is in ``namespace``, or where it cannot be there, what may have been meant."""
    wanted = endpoint.ip
    there = addresses[namespace]
    if wanted is None or any(_holds(one, wanted) for one in there):
        return [replace(endpoint, namespace=namespace)]
    own = [str(one.ip) for one in there if not one.is_loopback and one.version == wanted.version]
    own = own or [str(one.ip) for one in there if not one.is_loopback]
    near = difflib.get_close_matches(endpoint.address, own, n=1) or own
    return [replace(endpoint, address=one, namespace=namespace) for one in near]


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that ``text`` is, and the IPv4 address that an IPv4-mapped one stands for."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped if found.version == 6 else None) or found


def _holds(one: IPv4Interface | IPv6Interface, wanted: IPv4Address | IPv6Address) -> bool:
    """Tell whether an interface answers for an address: a loopback for its whole range, see ip-address(8)."""
    return wanted == one.ip or (one.is_loopback and wanted in one.network)
