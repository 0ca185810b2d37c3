"""A network whose tests find it as it was: what one of them changed is told by the kernel, read back and put back."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING

from pytest_netns_mysql.kernel.guard import names
from pytest_netns_mysql.kernel.guard.watch import Changes, Watch
from pytest_netns_mysql.kernel.netlink import dumps
from pytest_netns_mysql.kernel.network import Network

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.guard.restoring import Record, Result
    from pytest_netns_mysql.kernel.netlink.ruleset import Tables


class Guard:
    """The state that the tests of a network are to find.

    It is read once and understood when something has changed. Namespaces that are external are others' own: nobody
    looks at them.
    """

    def __init__(self, network: Network, *, others: Iterable[Guard] = ()) -> None:
        """Read the state, and have the kernel tell what changes.

        Args:
            network: The network to guard.
            others: The guards of this process's other networks: together they keep to one limit of open files.

        Raises:
            OSError: The kernel refuses it, or there are too many namespaces for the files that may be open.
        """
        self.network = network
        self._watch = Watch(network, taken=sum(one.sockets for one in others))
        self._pending = Changes()
        self._raw: dict[str, dumps.Raw] = {}
        for name in self._watch.own:
            self._raw[name] = self._read(name)
        with network.sandbox.entered():
            self._names = names.read(network)
        plan = network.topology.plan
        # What rules there are elsewhere, a test has made.
        translating = {rule.namespace for rule in plan.masquerades} | {rule.namespace for rule in plan.port_forwards}
        self._rulesets = {name: _ruleset(network, name) for name in translating & {*self._raw}}
        self._record: Record | None = None
        self._outer: list[tuple[Hashable, Record, Changes]] = []

    @property
    def sockets(self) -> int:
        """How many open files its sockets are, for as long as it is not closed."""
        return self._watch.sockets

    def close(self) -> None:
        """Stop watching."""
        self._watch.close()

    def step_back(self) -> None:
        """Keep no more files open than must be, while tests use another network."""
        self._watch.unpin()

    def step_forward(self) -> None:
        """Watch as before ``step_back``: tests use the network again."""
        self._watch.pin()

    def settle(self) -> None:
        """Take what is there now for the state that the tests are to find."""
        self._take()
        changes, self._pending = self._pending, Changes()
        if self._record is not None or changes.controls or changes.rulesets:
            self._known().accept(changes, {})
            return
        for name in changes.namespaces:
            self._raw[name] = self._read(name)
        if changes.names:
            with self.network.sandbox.entered():
                self._names = names.read(self.network)
        self._watch.watch_controls(changes.namespaces)

    @contextlib.contextmanager
    def accepting(self) -> Iterator[None]:
        """Take what changes in the block for part of the state that the tests are to find."""
        self._take()
        before, self._pending = self._pending, Changes()
        first = self._known().read(before.namespaces) if before else {}
        try:
            yield
        finally:
            self._take()
            changes, self._pending = self._pending, before
            if changes:
                first = {**self._known().states_of(changes.namespaces), **first}
                for record in (self._known(), *(outer for _, outer, _ in self._outer)):
                    record.accept(changes, first)
                self._pending.controls -= changes.controls
                self._pending.placed -= changes.placed

    def enter(self, scope: Hashable) -> None:
        """Put back to what is there now until ``leave`` is called with the same scope."""
        self._take()
        outer, pending = self._known(), self._pending
        self._outer.append((scope, outer, pending))
        self._record, self._pending = outer.copy(), Changes()
        self._record.accept(pending, {})

    def leave(self, scope: Hashable) -> None:
        """Put back to what it was before ``enter`` again; do nothing for a scope that nobody entered."""
        if self._outer and self._outer[-1][0] == scope:
            _, self._record, pending = self._outer.pop()
            self._pending.add(pending)

    def put_back(self) -> Result | None:
        """Put back what changed since the state was read; return what that was, or None where nothing was touched."""
        self._take()
        if not self._pending:
            return None
        result = self._known().put_back(self._pending, self._take)
        self._take()
        self._pending = Changes()
        return result

    def _known(self) -> Record:
        """Return what the tests are to find; a run that changes nothing does without."""
        if self._record is None:
            from pytest_netns_mysql.kernel.guard.restoring import Record

            self._record = Record(self.network, self._watch, self._raw, self._rulesets, self._names)
        return self._record

    def _read(self, name: str) -> dumps.Raw:
        with self.network[name]:
            return dumps.read()

    def _take(self) -> None:
        self._pending.add(self._watch.take())


def _ruleset(network: Network, name: str) -> Tables:
    from pytest_netns_mysql.kernel.netlink import ruleset

    with network[name]:
        return ruleset.read()
