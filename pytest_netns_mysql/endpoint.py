"""``addr/ns``: parse it, print it, check it against the addresses that exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_address

from pytest_netns_mysql.errors import EndpointError

GLOBAL = "global"
PORT = 3306
WILDCARDS = ("*", "0.0.0.0", "::")  # noqa: S104 - named in order to be refused

_NAMESPACE = re.compile(r"[^/\s,\x00]+")
_HOST = re.compile(r"(?!-)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")

Addresses = Mapping[str, Sequence[IPv4Interface | IPv6Interface]]


@dataclass(frozen=True)
class Endpoint:
    """Name one place where a server listens.

    Shape: ``address`` is an IP address, a host name or a wildcard; ``namespace`` is ``global`` where the
    value names none; ``str()`` gives ``addr/ns`` as the server takes it.
    See the manual, "Network Namespace Support" and bind_address.
    """

    address: str
    namespace: str = GLOBAL
    port: int = PORT

    def __str__(self) -> str:
        return self.address if self.namespace == GLOBAL else f"{self.address}/{self.namespace}"

    @property
    def is_wildcard(self) -> bool:
        """Tell whether the address stands for every address of its namespace."""
        return self.address in WILDCARDS

    @property
    def is_loopback(self) -> bool:
        """Tell whether the address is a loopback address."""
        try:
            return ip_address(self.address).is_loopback
        except ValueError:
            return False


def name_fault(name: str) -> str | None:
    """Say why ``name`` cannot be a network namespace's name, or return None; see ip-netns(8)."""
    if name in ("", ".", ".."):
        return "it is empty or a path's own dot"
    if not _NAMESPACE.fullmatch(name):
        return "it holds a slash, a comma or white space"
    if len(name.encode()) > 255:
        return "it is longer than 255 bytes"
    return None


def parse(text: str, *, key: str = "bind_address", where: str | None = None) -> Endpoint:
    """Read one ``addr`` or ``addr/ns``.

    Raises EndpointError where the value breaks a rule of the manual's "Network Namespace Support".
    """

    def fault(why: str, *remedies: str) -> EndpointError:
        allowed = "write an address, or address/namespace, such as 192.0.2.2/red"
        return EndpointError(f"{key} = {text!r}: {why}", where=where, remedies=remedies or (allowed,))

    if re.search(r"\s", text):
        raise fault("white space is not allowed in it", f"write {re.sub(chr(92) + 's', '', text)!r}")
    address, slash, namespace = text.partition("/")
    if not address:
        raise fault("the address is missing")
    if slash and not namespace:
        raise fault("the namespace behind the slash is missing")
    if slash and (reason := name_fault(namespace)):
        raise fault(f"{namespace!r} is no namespace's name: {reason}")
    if slash and namespace == GLOBAL:
        raise fault("the global namespace has no name", f"write the address alone: {address}")
    if slash and address in WILDCARDS:
        raise fault(f"a wildcard cannot have a namespace ({namespace})", f"write an address that {namespace} has")
    if address not in WILDCARDS and not _is_address_or_name(address):
        raise fault(f"{address!r} is neither an IP address nor a host name")
    return Endpoint(address, namespace or GLOBAL)


def _is_address_or_name(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        # 300.0.2.2 would be a host name by its letters, and is a typing error by any reader's.
        return bool(_HOST.fullmatch(text)) and not re.fullmatch(r"[0-9.]+", text)
    return True


def parse_list(
    value: str | Sequence[str], *, key: str = "bind_address", where: str | None = None
) -> tuple[Endpoint, ...]:
    """Read a comma list, or a sequence, of ``addr/ns``.

    ``admin_address`` takes one address only. A wildcard stands alone. Raises EndpointError.
    """
    texts = value.split(",") if isinstance(value, str) else list(value)
    shown = value if isinstance(value, str) else ",".join(value)
    if any(not text for text in texts) or not texts:
        raise EndpointError(
            f"{key} = {shown!r}: an address is missing before, behind or between the commas",
            where=where,
            remedies=["list the addresses with single commas and nothing else, such as 127.0.0.1,192.0.2.2/red"],
        )
    if key == "admin_address" and len(texts) > 1:
        raise EndpointError(
            f"{key} = {shown!r}: it takes one address only, and this is {len(texts)}",
            where=where,
            remedies=[f"keep one of {', '.join(texts)}"],
        )
    endpoints = tuple(parse(text, key=key, where=where) for text in texts)
    for endpoint in endpoints:
        if endpoint.is_wildcard and len(endpoints) > 1:
            raise EndpointError(
                f"{key} = {shown!r}: the wildcard {endpoint.address} cannot stand in a list",
                where=where,
                remedies=[f"write {endpoint.address} alone, or only the other addresses"],
            )
    twice = {str(endpoint) for endpoint in endpoints if endpoints.count(endpoint) > 1}
    if twice:
        raise EndpointError(
            f"{key} = {shown!r}: {', '.join(sorted(twice))} stands in it twice", where=where, remedies=["write it once"]
        )
    return endpoints


def check(
    endpoints: Sequence[Endpoint], addresses: Addresses, *, key: str = "bind_address", where: str | None = None
) -> None:
    """Check that each namespace exists and has its address; host names are left to the server.

    ``addresses`` gives the addresses of every namespace, ``global`` among them. Raises EndpointError.
    """
    for endpoint in endpoints:
        _check_one(endpoint, addresses, f"{key} = {str(endpoint)!r}", where)


def _check_one(endpoint: Endpoint, addresses: Addresses, start: str, where: str | None) -> None:
    if endpoint.namespace not in addresses:
        known = [name for name in addresses if name != GLOBAL]
        near = difflib.get_close_matches(endpoint.namespace, known, n=1)
        raise EndpointError(
            f"{start}: there is no namespace {endpoint.namespace}",
            where=where,
            tried=[f"the topology has {', '.join(known) or 'no namespace'}"],
            remedies=[f"write {endpoint.address}/{near[0]}" if near else "add the namespace to the topology"],
        )
    try:
        wanted = ip_address(endpoint.address)
    except ValueError:
        return
    there = addresses[endpoint.namespace]
    if endpoint.is_wildcard or any(wanted == one.ip or (one.is_loopback and wanted in one.network) for one in there):
        return
    own = [str(one.ip) for one in there if not one.is_loopback]
    at_home = [
        Endpoint(endpoint.address, name) for name, others in addresses.items() if any(wanted == o.ip for o in others)
    ]
    near = difflib.get_close_matches(endpoint.address, own, n=1, cutoff=0) or own[:1]
    raise EndpointError(
        f"{start}: namespace {endpoint.namespace} has no address {endpoint.address}",
        where=where,
        tried=[f"{endpoint.namespace} has {', '.join(str(one.ip) for one in there)}"],
        remedies=[f"write {other}" for other in (*at_home, *(Endpoint(n, endpoint.namespace) for n in near))],
    )
