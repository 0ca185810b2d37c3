"""Endpoints: places where a server listens, written ``addr/ns``, and the checks against the addresses that exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address

from pytest_netns_mysql.endpointkinds import ADMIN_ENDPOINT, MYSQL_ENDPOINT
from pytest_netns_mysql.errors import EndpointError

GLOBAL = "global"

WILDCARDS = ("*", "0.0.0.0", "::")  # noqa: S104 - named in order to be refused
_LONGEST_NAME = 255  # bytes of a file name

_NAMESPACE = re.compile(r"[^/\s,\x00]+")
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")

Addresses = Mapping[str, Sequence[IPv4Interface | IPv6Interface]]
Hosts = Sequence[tuple[str, IPv4Address | IPv6Address]]


@dataclass(frozen=True)
class Endpoint:
    """A place where a server listens; ``str()`` returns ``addr/ns`` as the server takes it.

    See the manual, "Network Namespace Support" and bind_address.

    Attributes:
        address: An IP address, a host name or a wildcard.
        namespace: The network namespace, ``global`` if ``addr/ns`` names none.
        port: The TCP port.
    """

    address: str
    namespace: str = GLOBAL
    port: int = MYSQL_ENDPOINT.default_port

    def __str__(self) -> str:
        return self.address if self.namespace == GLOBAL else f"{self.address}/{self.namespace}"

    @property
    def ip(self) -> IPv4Address | IPv6Address | None:
        """The IP address, or None for a host name and ``*``; of an IPv4-mapped IPv6 address the IPv4 address."""
        return _ip(self.address)

    @property
    def families(self) -> frozenset[int]:
        """The families of clients that can connect: 4, 6, or both for ``*``, ``::`` and host names."""
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
    """Return why a network namespace cannot have this name, or None if the name is fine; see ip-netns(8)."""
    if name in ("", ".", ".."):
        return "it is empty, '.' or '..'"
    if not _NAMESPACE.fullmatch(name):
        return "it contains a slash, a comma, white space or a NUL character"
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return "it cannot be written in UTF-8"
    return f"it is longer than {_LONGEST_NAME} bytes" if length > _LONGEST_NAME else None


def parse(text: str, *, key: str = MYSQL_ENDPOINT.parameter, where: str | None = None) -> Endpoint:
    """Return the endpoint that a text stands for.

    Args:
        text: ``addr`` or ``addr/ns``.
        key: The parameter that the text belongs to, for messages.
        where: Where the text is written, for messages.

    Raises:
        EndpointError: If the text breaks a rule of the manual's "Network Namespace Support".
    """

    def fault(why: str, *remedies: str) -> EndpointError:
        allowed = "write an address, or address/namespace, such as 192.0.2.2/red"
        return EndpointError(f"{key} = {text!r}: {why}", where=where, remedies=remedies or (allowed,))

    if re.search(r"\s", text):
        tidy = _without_space(text)
        raise fault("white space is not allowed", *([f"write {tidy!r}"] if tidy and "," not in tidy else []))
    if "," in text:
        raise fault("this is a list, and only one address is allowed here", "give each address an item of its own")
    address, slash, namespace = text.partition("/")
    if not address:
        raise fault("the address is missing")
    if slash and (suffix := _suffix_fault(address, namespace)):
        raise fault(*suffix)
    if not _is_wildcard(address) and not _is_address_or_name(address):
        raise fault(f"{address!r} is neither an IP address nor a host name", *_meant(address, slash + namespace))
    return Endpoint(address, namespace or GLOBAL)


def _suffix_fault(address: str, namespace: str) -> tuple[str, ...] | None:
    """Return why ``namespace`` cannot follow ``address``, and what to write instead; None if it can."""
    if not namespace:
        return ("the namespace after the slash is missing",)
    if reason := name_fault(namespace):
        return (f"{namespace!r} cannot be the name of a namespace: {reason}",)
    if namespace == GLOBAL:
        return "the global namespace must not be named", f"write the address alone: {address}"
    if _is_wildcard(address):
        return f"a wildcard cannot have a namespace ({namespace})", f"write an address that {namespace} has"
    return None


def _without_space(text: str) -> str:
    """Return the text as it was probably meant: white space between two addresses stands for a missing comma."""
    return re.sub(r"\s+", ",", re.sub(r"\s*([,/])\s*", r"\1", text.strip()))


def _is_wildcard(text: str) -> bool:
    """Return True for a wildcard in any spelling; the server also accepts 0::0 and ::ffff:0.0.0.0."""
    ip = _ip(text)
    return text in WILDCARDS or (ip is not None and ip.is_unspecified)


def _is_address_or_name(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        # By its characters 300.0.2.2 could be a host name, but it is surely a mistyped address.
        return bool(_HOST.fullmatch(text)) and not re.fullmatch(r"[0-9.]+", text)
    return True


def _meant(address: str, suffix: str) -> list[str]:
    """Return the remedy for an address that is written as in a URL: with a port, in brackets."""
    found = re.fullmatch(r"(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[^:\[\]]+))(?P<port>:[0-9]+)?", address)
    if found is None or not _is_address_or_name(plain := found["v6"] or found["v4"]):
        return []
    return [f"write {plain}{suffix}" + (", and the port in the option for it" if found["port"] else "")]


def parse_list(
    value: str | Sequence[str], *, key: str = MYSQL_ENDPOINT.parameter, where: str | None = None
) -> tuple[Endpoint, ...]:
    """Return the endpoints that a parameter of mysqld stands for.

    Args:
        value: A comma list, or a sequence, of ``addr/ns``.
        key: The parameter; ``admin_address`` takes a single address, and no wildcard.
        where: Where the value is written, for messages.

    Raises:
        EndpointError: If an address breaks a rule, is listed twice, or if a wildcard is part of a list.
    """
    texts = value.split(",") if isinstance(value, str) else list(value)
    written = value if isinstance(value, str) else ",".join(value)

    def fault(why: str, remedy: str) -> EndpointError:
        return EndpointError(f"{key} = {written!r}: {why}", where=where, remedies=[remedy])

    if not all(text.strip() for text in texts) or not texts:
        raise fault(
            "an address is missing before, after or between the commas",
            "list the addresses with single commas and nothing else, such as 127.0.0.1,192.0.2.2/red",
        )
    if isinstance(value, str) and re.search(r"\s", value):
        raise fault("white space is not allowed", f"write {_without_space(value)!r}")
    if key == ADMIN_ENDPOINT.parameter and len(texts) > 1:
        raise fault(f"it takes a single address, got {len(texts)}", f"keep one of {', '.join(texts)}")
    endpoints = tuple(parse(text, key=key, where=where) for text in texts)
    for endpoint in endpoints:
        if endpoint.is_wildcard and key == ADMIN_ENDPOINT.parameter:
            raise fault("it does not take a wildcard", "write one address, such as 127.0.0.1 or 192.0.2.2/red")
        if endpoint.is_wildcard and len(endpoints) > 1:
            raise fault(
                f"the wildcard {endpoint.address} cannot be part of a list",
                f"write {endpoint.address} alone, or only the other addresses",
            )
    if twice := _twice(endpoints):
        raise fault(f"{twice} is listed twice", "write it once")
    return endpoints


def _twice(endpoints: Sequence[Endpoint]) -> str | None:
    """Return the first endpoint that is listed twice, perhaps in two spellings."""
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
        meant = _where_it_exists(endpoint, addresses)
        for name in near:
            meant += _nearest(endpoint, name, addresses)
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
        tried=[f"{endpoint.namespace} has {', '.join(str(known.ip) for known in addresses[endpoint.namespace])}"],
        remedies=[f"write {other}" for other in dict.fromkeys([*_where_it_exists(endpoint, addresses), *nearest])],
    )


def _where_it_exists(endpoint: Endpoint, addresses: Addresses) -> list[Endpoint]:
    """Return the endpoint in each namespace that has the address; loopback addresses do not count."""
    wanted = endpoint.ip
    return [
        replace(endpoint, namespace=name)
        for name, there in addresses.items()
        if any(wanted == interface.ip and not interface.is_loopback for interface in there)
    ]


def _nearest(endpoint: Endpoint, namespace: str, addresses: Addresses) -> list[Endpoint]:
    """Return the endpoint moved to ``namespace``, or the most similar ones if ``namespace`` lacks the address."""
    wanted = endpoint.ip
    there = addresses[namespace]
    if wanted is None or any(_answers_for(interface, wanted) for interface in there):
        return [replace(endpoint, namespace=namespace)]
    own = [interface for interface in there if not interface.is_loopback]
    same_family = [interface for interface in own if interface.version == wanted.version]
    candidates = [str(interface.ip) for interface in same_family or own]
    near = difflib.get_close_matches(endpoint.address, candidates, n=1) or candidates
    return [replace(endpoint, address=address, namespace=namespace) for address in near]


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address of a text, an IPv4-mapped address as IPv4, or None if the text is not an address."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped if found.version == 6 else None) or found


def _answers_for(interface: IPv4Interface | IPv6Interface, wanted: IPv4Address | IPv6Address) -> bool:
    """Return True if an interface answers for an address; a loopback answers for its whole range, see ip-address(8)."""
    return wanted == interface.ip or (interface.is_loopback and wanted in interface.network)
