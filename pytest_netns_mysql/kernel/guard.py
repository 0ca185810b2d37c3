"""A network whose tests find it as it was: what one of them changed is told by the kernel, read back and put back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_netns_mysql.kernel import dumps, names
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.kernel.watch import Changes, Watch

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.restoring import Record, Result


class Guard:
    """The state that the tests of a network are to find.

    It is read once and understood when something has changed. Namespaces that are external are others' own: nobody
    looks at them.
    """

    def __init__(self, network: Network) -> None:
        """Read the state, and have the kernel tell what changes; raise OSError where it refuses that."""
        self.network = network
        self._watch = Watch(network)
        self._pending = Changes()
        self._raw: dict[str, dumps.Raw] = {}
        for name in self._watch.own:
            with network[name]:
                self._raw[name] = dumps.read()
        with network.sandbox.entered():
            self._names = names.read(network)
        if network.topology.plan.has_nat:
            _ = self._record  # it reads their rules, which are not so by themselves

    def close(self) -> None:
        """Stop watching."""
        self._watch.close()

    def settle(self) -> None:
        """Take what is there now for the state that the tests are to find."""
        self._take()
        changes, self._pending = self._pending, Changes()
        if changes:
            self._record.accept(changes, {})

    @contextlib.contextmanager
    def accepting(self) -> Iterator[None]:
        """Take what changes in the block for part of the state that the tests are to find."""
        self._take()
        before, self._pending = self._pending, Changes()
        first = self._record.read(before.namespaces) if before else {}
        try:
            yield
        finally:
            self._take()
            changes, self._pending = self._pending, before
            if changes:
                self._record.accept(changes, first)
                self._pending.controls -= changes.controls

    def put_back(self) -> Result | None:
        """Put back what changed since the state was read; return what that was, or None where nothing was touched."""
        self._take()
        if not self._pending:
            return None
        result = self._record.put_back(self._pending, self._take)
        self._take()
        self._pending = Changes()
        return result

    @cached_property
    def _record(self) -> Record:
        from pytest_netns_mysql.kernel.restoring import Record

        return Record(self.network, self._watch, self._raw, self._names)

    def _take(self) -> None:
        self._pending.add(self._watch.take())
