"""Whether anything in a network has changed: the kernel tells, and nothing is read where it does not.

Each namespace has a socket that gets the notifications of rtnetlink(7) and of nftables. inotify(7) tells of settings
below /proc/sys/net that are written, and of files; proc_pid_mountinfo(5) of mounts.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import select
import socket
import struct
from collections.abc import Collection, Iterator

from pytest_netns_mysql.kernel.hosts import COVERED, copy_of
from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.directories import NETWORKS_DIRECTORY
from pytest_netns_mysql.kernel.netlink.dumps import (
    IFA_F_NODAD,
    NEIGHBOUR_HEADER,
    NUD_VALID,
    is_lasting_neighbour,
    is_link_local_route,
    join,
    messages,
    open_netfilter,
    open_socket,
)
from pytest_netns_mysql.kernel.network import Network

_SETTINGS = "/proc/sys/net"
_FIXED = (
    *("", "/bridge", "/core", "/ipv4", "/ipv4/route", "/ipv6", "/ipv6/icmp", "/ipv6/route"),
    *("/mptcp", "/netfilter", "/netfilter/nf_log", "/unix"),
)
_BY_INTERFACE = ("/ipv4/conf", "/ipv4/neigh", "/ipv6/conf", "/ipv6/neigh")
# links, neighbours, traffic control, addresses, routes and rules of both versions of IP, next hops
_ROUTE_GROUPS = (1, 3, 4, 5, 7, 8, 9, 11, 19, 32)
_NFTABLES_GROUPS = (7,)
_NEW_NEIGHBOUR = 28
_NEIGHBOURS, _ADDRESSES, _ROUTES = (_NEW_NEIGHBOUR, 29), (20, 21), (24, 25)
_SCOPE_LINK = 253
_MODIFY, _ATTRIB, _MOVED, _CREATED, _DELETED = 0x2, 0x4, 0xC0, 0x100, 0x200
_OVERFLOW = 0x4000
_EVENT = struct.Struct("=iIII")
_BUFFER = 1 << 17  # bytes
_MOST_PINS = 256  # select(2) takes no descriptor beyond 1023
_SOCKETS_EACH = 2
_PART_OF_LIMIT = 4  # of the files that this process may have open

Control = tuple[str, str]  # namespace, path


class Changes:
    """What may have changed.

    Attributes:
        namespaces: Those whose links, addresses, routes and the like were touched.
        neighbours: Those where an entry for a neighbour came or went that the kernel may have made by itself.
        placed: Such entries that somebody set by hand, each with its namespace, as the kernel told them.
        rulesets: Those whose nftables rules were touched.
        controls: The settings that were written.
        names: Whether files that names are found by were touched.
        is_incomplete: Whether more was written than the kernel could tell.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self.namespaces: set[str] = set()
        self.neighbours: set[str] = set()
        self.placed: set[tuple[str, bytes]] = set()
        self.rulesets: set[str] = set()
        self.controls: set[Control] = set()
        self.names = False
        self.is_incomplete = False

    def __bool__(self) -> bool:
        sets = (self.namespaces, self.neighbours, self.rulesets, self.controls)
        return any(sets) or self.names or self.is_incomplete

    def add(self, other: Changes) -> None:
        """Take what another one tells."""
        self.namespaces |= other.namespaces
        self.neighbours |= other.neighbours
        self.placed |= other.placed
        self.rulesets |= other.rulesets
        self.controls |= other.controls
        self.names |= other.names
        self.is_incomplete |= other.is_incomplete


class Watch:
    """A watch over the namespaces of a network that are its own.

    Attributes:
        own: The namespaces that are watched.
        sockets: How many open files its sockets are, for as long as it watches.
    """

    def __init__(self, network: Network, *, taken: int = 0) -> None:
        """Begin to watch.

        Args:
            network: The network to watch.
            taken: The open files that the sockets of other watches are: there is one limit for all of them.

        Raises:
            OSError: The kernel refuses it, or the sockets of all watches would be too many open files.
        """
        self._network = network
        self.own = {name: one for name, one in network.items() if name not in network.topology.plan.external}
        self.sockets = _SOCKETS_EACH * len(self.own)
        if taken + self.sockets > _most_descriptors():
            number = len(self.own) + taken // _SOCKETS_EACH
            raise OSError(errno.EMFILE, f"{number} namespaces would take too many of the files that may be open")
        self._poll = select.epoll()
        self._closing = contextlib.ExitStack()
        self._closing.callback(self._poll.close)
        self._sockets: dict[int, tuple[str, socket.socket, bool]] = {}
        self._directories: dict[int, Control | None] = {}
        self._pins: dict[str, list[int]] = {}
        self._may_pin = True
        self._inotify = syscalls.inotify_init()
        self._closing.callback(os.close, self._inotify)
        try:
            self._poll.register(self._inotify, select.EPOLLIN)
            with network.sandbox.entered():
                self._watch_names()
            for name, namespace in self.own.items():
                with namespace:
                    self._listen(name, open_socket(), _ROUTE_GROUPS)
                    if (netfilter := open_netfilter()) is not None:
                        self._listen(name, netfilter, _NFTABLES_GROUPS, is_netfilter=True)
            self.watch_controls(self.own)
        except BaseException:
            self.close()
            raise

    def take(self) -> Changes:
        """Return what may have changed since the last call."""
        changes = Changes()
        for descriptor, _ in self._poll.poll(0):
            if descriptor == self._inotify:
                self._take_files(changes)
            elif descriptor in self._sockets:
                self._take_messages(*self._sockets[descriptor], changes)
            else:
                changes.names = True
        return changes

    def close(self) -> None:
        """Stop watching."""
        self._closing.close()
        for name in self._pins:
            self._unpin(name)

    def watch_controls(self, names: Collection[str]) -> None:
        """Watch the settings of namespaces, whose directories change with their interfaces."""
        for name in names:
            self._unpin(name)
        most = min(_most_descriptors(), _MOST_PINS) if self._may_pin else 0
        room = most - sum(map(len, self._pins.values()))
        for name in names:
            pins = self._pins[name]
            with self.own[name]:
                for directory in _directories():
                    with contextlib.suppress(FileNotFoundError):
                        number = syscalls.inotify_add_watch(self._inotify, directory, _MODIFY)
                        self._directories[number] = name, directory
                        # The kernel forgets a directory of /proc that nobody has open, where it is short of memory,
                        # and who opens it again finds another, which nobody watches.
                        if len(pins) < room:
                            pins.append(os.open(directory, os.O_PATH | os.O_CLOEXEC))
            room -= len(pins)

    def unpin(self) -> None:
        """Close the directories of settings, which the kernel may then forget, until ``pin`` is called."""
        self._may_pin = False
        for name in self.own:
            self._unpin(name)

    def pin(self) -> None:
        """Open the directories of settings again after ``unpin``, and watch those that the kernel forgot."""
        if not self._may_pin:
            self._may_pin = True
            self.watch_controls(self.own)

    def _unpin(self, name: str) -> None:
        for descriptor in self._pins.get(name, ()):
            os.close(descriptor)
        self._pins[name] = []

    def _watch_names(self) -> None:
        mounts = os.open("/proc/thread-self/mountinfo", os.O_RDONLY | os.O_CLOEXEC)
        self._closing.callback(os.close, mounts)
        self._poll.register(mounts, select.EPOLLPRI)
        mask = _ATTRIB | _MOVED | _CREATED | _DELETED
        self._directories[syscalls.inotify_add_watch(self._inotify, str(self._network.directory), mask)] = None
        for file in COVERED:
            with contextlib.suppress(FileNotFoundError):
                copy = str(copy_of(file, NETWORKS_DIRECTORY))
                self._directories[syscalls.inotify_add_watch(self._inotify, copy, _MODIFY)] = None

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
                touched.add(name)  # there was more to tell than the socket could hold
                continue
            for kind, _, port, body in messages(data):
                if not is_netfilter and kind in _NEIGHBOURS and not is_lasting_neighbour(body):
                    changes.neighbours.add(name)
                    if _is_placed(kind, port, body):
                        changes.placed.add((name, body))
                elif is_netfilter or not _is_link_local(kind, body):
                    touched.add(name)

    def _take_files(self, changes: Changes) -> None:
        while True:
            try:
                data = os.read(self._inotify, _BUFFER)
            except BlockingIOError:
                return
            start = 0
            while start < len(data):
                number, mask, _, length = _EVENT.unpack_from(data, start)
                file = data[start + _EVENT.size : start + _EVENT.size + length].rstrip(b"\0").decode("utf-8", "replace")
                start += _EVENT.size + length
                changes.is_incomplete |= bool(mask & _OVERFLOW)
                place = self._directories.get(number, ())
                if place is None:
                    changes.names = True
                elif place and mask & _MODIFY:
                    changes.controls.add((place[0], f"{place[1]}/{file}"))


def _is_placed(kind: int, port: int, body: bytes) -> bool:
    """Return True where somebody gave a neighbour a link address by hand: the kernel's own messages have no port."""
    return bool(kind == _NEW_NEIGHBOUR and port and NEIGHBOUR_HEADER.unpack_from(body)[2] & NUD_VALID)


def _is_link_local(kind: int, body: bytes) -> bool:
    """Return True for a link-local address of IPv6 that the kernel gives an interface, and for its routes.

    They come a second or two after the interface, and nobody reads them back, see ``readback``.
    """
    if not body or body[0] != socket.AF_INET6:
        return False
    if kind in _ADDRESSES:
        _, _, flags, scope = body[:4]
        return scope == _SCOPE_LINK and not flags & IFA_F_NODAD
    return kind in _ROUTES and is_link_local_route(body)


def _most_descriptors() -> int:
    """Return how many open files the sockets of all watches may be, and the directories: tests need the others."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _PART_OF_LIMIT


def _directories() -> Iterator[str]:
    """Yield where the calling thread's network namespace may have directories of settings."""
    for name in _FIXED:
        yield _SETTINGS + name
    for name in _BY_INTERFACE:
        with contextlib.suppress(FileNotFoundError):
            for entry in os.listdir(_SETTINGS + name):  # noqa: PTH208
                yield f"{_SETTINGS}{name}/{entry}"
