"""Notifications of changes in a network, so that nothing has to be read while nothing changes.

Each namespace has a socket for the notifications of rtnetlink(7), and a socket for the notifications of nftables.
inotify(7) reports settings below /proc/sys/net and files that are written; proc_pid_mountinfo(5) reports mounts.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from pytest_netns_mysql.kernel.guard.changes import Changes, Sysctl
from pytest_netns_mysql.kernel.hosts import COVERED, copy_of
from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.directories import NETWORKS_DIRECTORY
from pytest_netns_mysql.kernel.netlink import constants as nl
from pytest_netns_mysql.kernel.netlink.dumps import (
    is_lasting_neighbour,
    is_link_local_route,
    join,
    open_netfilter,
    open_socket,
)
from pytest_netns_mysql.kernel.netlink.encoding import messages
from pytest_netns_mysql.kernel.network import Network

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.namespaces.namespace import Namespace

_SYSCTLS = "/proc/sys/net"
_DIRECTORIES = (
    *("", "/bridge", "/core", "/ipv4", "/ipv4/route", "/ipv6", "/ipv6/icmp", "/ipv6/route"),
    *("/mptcp", "/netfilter", "/netfilter/nf_log", "/unix"),
)
_DIRECTORIES_BY_INTERFACE = ("/ipv4/conf", "/ipv4/neigh", "/ipv6/conf", "/ipv6/neigh")
_ROUTE_GROUPS = (
    *(nl.RTNLGRP_LINK, nl.RTNLGRP_NEIGH, nl.RTNLGRP_TC),
    *(nl.RTNLGRP_IPV4_IFADDR, nl.RTNLGRP_IPV4_ROUTE, nl.RTNLGRP_IPV4_RULE),
    *(nl.RTNLGRP_IPV6_IFADDR, nl.RTNLGRP_IPV6_ROUTE, nl.RTNLGRP_IPV6_RULE),
    nl.RTNLGRP_NEXTHOP,
)
_NETFILTER_GROUPS = (nl.NFNLGRP_NFTABLES,)
_NUD_VALID = (  # the states of a neighbour that has a link address
    nl.NUD_PERMANENT | nl.NUD_NOARP | nl.NUD_REACHABLE | nl.NUD_PROBE | nl.NUD_STALE | nl.NUD_DELAY
)
_IN_MODIFY, _IN_ATTRIB, _IN_MOVE, _IN_CREATE, _IN_DELETE = 0x2, 0x4, 0xC0, 0x100, 0x200
_IN_Q_OVERFLOW = 0x4000
_INOTIFY_EVENT = struct.Struct("=iIII")  # watch, mask, cookie, length of the name that follows
_BUFFER = 1 << 17  # bytes
_MOST_PINS = 256  # because select(2) accepts no descriptor beyond 1023
_SOCKETS_EACH = 2
_PART_OF_LIMIT = 4  # of the files that this process may have open


class Watch:
    """A watch over a network's own namespaces, without the external ones.

    Attributes:
        own: The watched namespaces, by name.
        sockets: How many open files the sockets are until the watch is closed.
    """

    def __init__(self, network: Network, *, taken: int = 0) -> None:
        """Begin to watch.

        Args:
            network: The network to watch.
            taken: The open files that the sockets of other watches are: all watches share one limit.

        Raises:
            OSError: The kernel refuses to watch, or the sockets of all watches would be too many open files.
        """
        self._network = network
        self.own: dict[str, Namespace] = {
            name: namespace for name, namespace in network.items() if name not in network.topology.plan.external
        }
        self.sockets: int = _SOCKETS_EACH * len(self.own)
        if taken + self.sockets > _most_descriptors():
            number = len(self.own) + taken // _SOCKETS_EACH
            raise OSError(errno.EMFILE, f"{number} namespaces would need too many open files")
        self._poll = select.epoll()
        self._closing = contextlib.ExitStack()
        self._closing.callback(self._poll.close)
        self._sockets: dict[int, tuple[str, socket.socket, bool]] = {}
        self._directories: dict[int, Sysctl | None] = {}
        self._pins: dict[str, list[int]] = {}
        self._may_pin = True
        try:
            self._inotify = syscalls.inotify_init()
            self._closing.callback(os.close, self._inotify)
            self._poll.register(self._inotify, select.EPOLLIN)
            with network._sandbox.entered():
                self._watch_name_files()
            for name, namespace in self.own.items():
                with namespace:
                    self._listen(name, open_socket(), _ROUTE_GROUPS)
                    if (netfilter := open_netfilter()) is not None:
                        self._listen(name, netfilter, _NETFILTER_GROUPS, is_netfilter=True)
            self.watch_sysctls(self.own)
        except BaseException:
            self.close()
            raise

    def take(self, changes: Changes) -> None:
        """Add what may have changed since the last call to ``changes``.

        Raises:
            OSError: A descriptor of this watch was closed or replaced by a test.
        """
        for descriptor, _ in self._poll.poll(0):
            if descriptor == self._inotify:
                self._take_inotify(changes)
            elif descriptor in self._sockets:
                self._take_messages(*self._sockets[descriptor], changes)
            else:
                changes.name_files = True

    def close(self) -> None:
        """Stop watching."""
        with contextlib.suppress(OSError):  # a test may have closed a descriptor; the others are closed all the same
            self._closing.close()
        for name in self._pins:
            self._unpin(name)

    def watch_sysctls(self, names: Collection[str]) -> None:
        """Watch the settings of these namespaces, whose directories depend on the interfaces."""
        for name in names:
            self._unpin(name)
        most = min(_most_descriptors(), _MOST_PINS) if self._may_pin else 0
        room = most - sum(map(len, self._pins.values()))
        for name in names:
            pins = self._pins[name]
            with self.own[name]:
                for directory in _directories():
                    with contextlib.suppress(FileNotFoundError):
                        number = syscalls.inotify_add_watch(self._inotify, directory, _IN_MODIFY)
                        self._directories[number] = name, directory
                        # When memory is short, the kernel forgets a directory of /proc that nobody has open. Whoever
                        # opens it again finds a new one, which nobody watches.
                        if len(pins) < room:
                            pins.append(os.open(directory, os.O_PATH | os.O_CLOEXEC))
            room -= len(pins)

    def unpin(self) -> None:
        """Close the directories of settings until ``pin()``; the kernel may forget them meanwhile."""
        self._may_pin = False
        for name in self.own:
            self._unpin(name)

    def pin(self) -> None:
        """Open the directories of settings again after ``unpin()``, and watch those that the kernel forgot."""
        if not self._may_pin:
            self._may_pin = True
            self.watch_sysctls(self.own)

    def _unpin(self, name: str) -> None:
        pins, self._pins[name] = self._pins.get(name, []), []
        for descriptor in pins:
            with contextlib.suppress(OSError):  # a test may have closed it
                os.close(descriptor)

    def _watch_name_files(self) -> None:
        mounts = os.open("/proc/thread-self/mountinfo", os.O_RDONLY | os.O_CLOEXEC)
        self._closing.callback(os.close, mounts)
        self._poll.register(mounts, select.EPOLLPRI)
        mask = _IN_ATTRIB | _IN_MOVE | _IN_CREATE | _IN_DELETE
        self._directories[syscalls.inotify_add_watch(self._inotify, str(self._network._directory), mask)] = None
        for file in COVERED:
            with contextlib.suppress(FileNotFoundError):
                copy = str(copy_of(file, NETWORKS_DIRECTORY))
                self._directories[syscalls.inotify_add_watch(self._inotify, copy, _IN_MODIFY)] = None

    def _listen(self, name: str, sock: socket.socket, groups: tuple[int, ...], *, is_netfilter: bool = False) -> None:
        self._closing.enter_context(sock)
        sock.setblocking(False)
        join(sock, groups)
        self._sockets[sock.fileno()] = name, sock, is_netfilter
        self._poll.register(sock, select.EPOLLIN)

    def _take_messages(self, name: str, sock: socket.socket, is_netfilter: bool, changes: Changes) -> None:
        touched = changes.rulesets if is_netfilter else changes.namespaces
        while True:
            try:
                data = sock.recv(_BUFFER)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                touched.add(name)  # there were more notifications than the socket can hold
                continue
            for kind, _, port, body in messages(data):
                is_neighbour = not is_netfilter and kind in (nl.RTM_NEWNEIGH, nl.RTM_DELNEIGH)
                if is_neighbour and not is_lasting_neighbour(body):
                    changes.neighbours.add(name)
                    if _is_set_by_hand(kind, port, body):
                        changes.manual_neighbours.add((name, body))
                elif is_netfilter or not _is_link_local(kind, body):
                    touched.add(name)

    def _take_inotify(self, changes: Changes) -> None:
        while True:
            try:
                data = os.read(self._inotify, _BUFFER)
            except BlockingIOError:
                return
            start = 0
            while start < len(data):
                number, mask, _, length = _INOTIFY_EVENT.unpack_from(data, start)
                start += _INOTIFY_EVENT.size
                file = data[start : start + length].rstrip(b"\0").decode("utf-8", "replace")
                start += length
                changes.is_incomplete |= bool(mask & _IN_Q_OVERFLOW)
                directory = self._directories.get(number, ())
                if directory is None:
                    changes.name_files = True
                elif directory and mask & _IN_MODIFY:
                    name, path = directory
                    changes.sysctls.add((name, f"{path}/{file}"))


def _is_set_by_hand(kind: int, port: int, body: bytes) -> bool:
    """Return True if a program gave a neighbour a link address: the kernel's own messages have no port."""
    return bool(kind == nl.RTM_NEWNEIGH and port and nl.NDMSG.unpack_from(body)[2] & _NUD_VALID)


def _is_link_local(kind: int, body: bytes) -> bool:
    """Return True for a link-local IPv6 address that the kernel gives an interface, and for the routes of IPv6.

    They come a second or two after the interface, and are not read back either, see ``entries``.
    """
    if not body or body[0] != socket.AF_INET6:
        return False
    if kind in (nl.RTM_NEWADDR, nl.RTM_DELADDR):
        _, _, flags, scope, _ = nl.IFADDRMSG.unpack_from(body)
        return scope == nl.RT_SCOPE_LINK and not flags & nl.IFA_F_NODAD
    return kind in (nl.RTM_NEWROUTE, nl.RTM_DELROUTE) and is_link_local_route(body)


def _most_descriptors() -> int:
    """Return how many open files the sockets of all watches may be, and the pinned directories.

    The rest of what a process may open is left to the tests.
    """
    import resource  # Windows has none

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _PART_OF_LIMIT


def _directories() -> Iterator[str]:
    """Yield the directories of settings that the calling thread's network namespace may have."""
    for name in _DIRECTORIES:
        yield _SYSCTLS + name
    for name in _DIRECTORIES_BY_INTERFACE:
        with contextlib.suppress(FileNotFoundError):
            for entry in os.listdir(_SYSCTLS + name):  # noqa: PTH208
                yield f"{_SYSCTLS}{name}/{entry}"
