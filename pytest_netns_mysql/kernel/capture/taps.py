"""The taps of one network, kept for the next capture: closing a packet socket takes longer than all else."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping

from pytest_netns_mysql.errors import NetworkError
from pytest_netns_mysql.kernel.capture.tap import Tap, wait_for_times
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace


class Taps:
    """The taps of one network: those in use, and those that wait for the next capture."""

    def __init__(self, namespaces: Mapping[str, Namespace], where: str) -> None:
        """Create no tap yet.

        Args:
            namespaces: The namespaces of the network.
            where: The topology, for errors.
        """
        self._namespaces = namespaces
        self._where = where
        self._idle: dict[str, list[Tap]] = {}
        self._all: list[Tap] = []

    def start(self, names: Iterable[str]) -> list[Tap]:
        """Return a tap for each of these namespaces, which takes packets from now on.

        Raises:
            UnknownNamespaceError: The topology has no such namespace.
            NetworkError: The kernel refuses a packet socket.
        """
        namespaces = [self._namespaces[name] for name in names]
        taps: list[Tap] = []
        try:
            taps.extend(map(self._take, namespaces))
            for tap in taps:
                tap.start()
        except BaseException:
            self.release(taps)
            raise
        return taps

    def release(self, taps: Iterable[Tap]) -> None:
        """Keep taps for the next capture; they take no packets meanwhile."""
        for tap in taps:
            if tap.is_closed:
                self._forget(tap)
                continue
            tap.stop()
            tap.discard()
            self._idle.setdefault(tap.namespace, []).append(tap)

    def close(self) -> None:
        """Close all taps, at once: for each the kernel waits some 15 ms until no processor uses it any more."""
        threads = [threading.Thread(target=tap.close, name="netns-close-tap") for tap in self._all]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._all.clear()
        self._idle.clear()

    def _take(self, namespace: Namespace) -> Tap:
        idle = self._idle.get(namespace.name)
        while idle:
            kept = idle.pop()
            if not kept.is_closed:
                return kept
            self._forget(kept)
        try:
            tap = Tap(namespace.name, namespace)
        except OSError as error:
            raise NetworkError(
                f"the packets of namespace {namespace.name} cannot be captured: {error.strerror}",
                where=self._where,
                tried=["a packet socket in the namespace, see packet(7)"],
                remedies=["packet sockets need CAP_NET_RAW: in Docker leave out --cap-drop NET_RAW"],
            ) from error
        self._all.append(tap)
        if len(self._all) == 1:
            with namespace:
                wait_for_times()
        return tap

    def _forget(self, tap: Tap) -> None:
        """Forget a closed tap."""
        tap.close()
        if tap in self._all:
            self._all.remove(tap)
