"""Where a connection comes from, as a server sees it: the address, and the name that the server finds for it."""

from __future__ import annotations

import re
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.mysql.access.explanation import Origin

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.access.loginstate import LoginState
    from pytest_netns_mysql.mysql.mysqld.instance import Instance

LOCALHOST = "localhost"
_LOOPBACK = ("127.0.0.1", "::1")
_LIKE_AN_ADDRESS = re.compile(r"[0-9]+\.")


def completed(server: Instance, origin: Origin, state: LoginState) -> Origin:
    """Return an origin as the server sees it: with the name of its address, if the server looks names up.

    Args:
        server: The server.
        origin: An address, or the host that an error of the server names, which may be a host name.
        state: The state of the server.
    """
    if origin.name is not None or origin.address in ("", LOCALHOST):
        return origin
    if not _is_address(origin.address):
        address = next((address for address, host in state.hosts.items() if host.name == origin.address), None)
        return Origin(address or _first_address(server, origin.address) or "", origin.address)
    return Origin(origin.address, _name(server, origin.address, state) if state.resolves_names else None)


def _name(server: Instance, address: str, state: LoginState) -> str | None:
    """Return the host name of an address; see the manual, "DNS Lookups and the Host Cache"."""
    if address in _LOOPBACK:
        return LOCALHOST
    if address in state.hosts:
        return state.hosts[address].name
    with server.network[GLOBAL]:  # where the sandbox's own /etc/hosts is
        try:
            name, _ = socket.getnameinfo((address, 0), socket.NI_NAMEREQD)
            found = {str(info[4][0]) for info in socket.getaddrinfo(name, None)}
        except OSError:
            return None
    # The server believes a name only if it leads back to the address, and never a name that begins like an address.
    return name if address in found and not _LIKE_AN_ADDRESS.match(name) else None


def _first_address(server: Instance, name: str) -> str | None:
    with server.network[GLOBAL]:
        try:
            return str(socket.getaddrinfo(name, None)[0][4][0])
        except OSError:
            return None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
