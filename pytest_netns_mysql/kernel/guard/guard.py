"""A network that each test finds in the same state: changes are noticed, read and put back."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_netns_mysql.kernel.guard import name_files
from pytest_netns_mysql.kernel.guard.changes import Changes
from pytest_netns_mysql.kernel.guard.watch import Watch
from pytest_netns_mysql.kernel.netlink import dumps
from pytest_netns_mysql.kernel.network import Network

if TYPE_CHECKING:
    from pytest_netns_mysql.kernel.faultlog import Fault
    from pytest_netns_mysql.kernel.guard.baseline import Baseline, Leftovers
    from pytest_netns_mysql.kernel.netlink.ruleset import Tables


class Guard:
    """A guard that keeps a network in the state that its tests should find.

    The state is read once, and decoded when something has changed. External namespaces belong to somebody else: the
    guard does not look at them.
    """

    def __init__(self, network: Network, *, others: Iterable[Guard] = ()) -> None:
        """Read the state, and begin to watch for changes.

        Args:
            network: The network to guard.
            others: The guards of this process's other networks: all guards share one limit of open files.

        Raises:
            OSError: The kernel refuses to watch, or the namespaces need too many of the files that may be open.
        """
        self.network = network
        self._watch = Watch(network, taken=sum(guard.sockets for guard in others))
        self._pending = Changes()
        self._baseline: Baseline | None = None
        self._outer: list[tuple[Hashable, Baseline, Changes, list[Fault]]] = []
        self._faults = network.fault_log.in_force  # which tests should find
        try:
            self._messages = {name: self._read(name) for name in self._watch.own}
            with network._sandbox.entered():
                self._name_files = name_files.read(network)
            plan = network.topology.plan
            # Rules in any other namespace were made by a test.
            translating = {rule.namespace for rule in plan.masquerades} | {
                rule.namespace for rule in plan.port_forwards
            }
            self._rulesets = {name: _ruleset(network, name) for name in translating & {*self._watch.own}}
        except BaseException:
            self._watch.close()
            raise

    @property
    def sockets(self) -> int:
        """How many open files the guard's sockets are until it is closed."""
        return self._watch.sockets

    def close(self) -> None:
        """Stop watching."""
        self._watch.close()

    def step_back(self) -> None:
        """Keep as few files open as possible while tests use another network."""
        self._watch.unpin()

    def step_forward(self) -> None:
        """Watch as before ``step_back()``: tests use the network again."""
        self._watch.pin()

    def settle(self) -> None:
        """Make the state that is there now the state that tests should find."""
        self._take()
        self._faults = self.network.fault_log.in_force
        changes, self._pending = self._pending, Changes()
        if self._baseline is not None or changes.sysctls or changes.rulesets:
            self._get_baseline().accept(changes, {})
            return
        for name in changes.namespaces:
            self._messages[name] = self._read(name)
        if changes.name_files:
            with self.network._sandbox.entered():
                self._name_files = name_files.read(self.network)
        self._watch.watch_sysctls(changes.namespaces)

    @contextlib.contextmanager
    def accepting(self) -> Iterator[None]:
        """Make the changes of the block a part of the state that tests should find."""
        self._take()
        before, self._pending = self._pending, Changes()
        first = self._get_baseline().read(before.namespaces) if before else {}
        faults = self.network.fault_log.in_force
        try:
            yield
        finally:
            self._take()
            self._accept_faults(faults)
            changes, self._pending = self._pending, before
            if changes:
                first = {**self._get_baseline().states_of(changes.namespaces), **first}
                for baseline in (self._get_baseline(), *(outer for _, outer, _, _ in self._outer)):
                    baseline.accept(changes, first)
                self._pending.sysctls -= changes.sysctls
                self._pending.manual_neighbours -= changes.manual_neighbours

    def enter(self, scope: Hashable) -> None:
        """Put back to the state that is there now until ``leave()`` is called with the same scope."""
        self._take()
        outer, pending = self._get_baseline(), self._pending
        self._outer.append((scope, outer, pending, self._faults))
        self._faults = self.network.fault_log.in_force
        self._baseline, self._pending = outer.copy(), Changes()
        self._baseline.accept(pending, {})

    def leave(self, scope: Hashable) -> None:
        """Put back to the state before ``enter()`` again; a scope that was not entered changes nothing."""
        if self._outer and self._outer[-1][0] == scope:
            _, self._baseline, pending, self._faults = self._outer.pop()
            self._pending.add(pending)

    def changes(self) -> tuple[str, ...]:
        """Return a line for each change that is there now, by whatever means it was made. Nothing is put back.

        Raises:
            OSError: The network cannot be read.
        """
        self._take()
        return self._get_baseline().lines(self._pending) if self._pending else ()

    def put_back(self, by: str = "the cleaning after the test") -> Leftovers | None:
        """Put back what changed; return what that was, or None if nothing was touched.

        The faults that are healed by it are noted in the network's fault log, also those that a test caused by other
        means than ours: they are noted when they are found.

        Args:
            by: Who puts the network back, for the fault log.

        Raises:
            OSError: The network cannot be read.
            NetworkError: The kernel refuses the topology's address translation.
        """
        self._watch.take(self._pending)
        if not self._pending:
            return None
        leftovers = self._get_baseline().put_back(self._pending, self._take)
        self._take()
        self._pending = Changes()
        return self._with_faults(leftovers, by)

    def _with_faults(self, leftovers: Leftovers, by: str) -> Leftovers:
        """Note the faults that are healed, and return what was found with a line for each fault that the test left."""
        log = self.network.fault_log
        healed = log.restore(self._faults, by)
        concerned = {place for fault in healed for place in (*fault.namespaces, *fault.files)}
        for line in leftovers.found:
            place, _, _ = line.partition(":")
            if place not in concerned:  # else the line may be what one of these faults did
                log.note(line, *([place] if place in self.network else [])).heal(by)
        return replace(leftovers, found=(*(fault.what for fault in healed), *leftovers.found))

    def _accept_faults(self, before: list[Fault]) -> None:
        """Have tests find the faults that began since then, and no longer those that ended."""
        now = self.network.fault_log.in_force
        begun = [fault for fault in now if fault not in before]
        ended = [fault for fault in before if fault not in now]
        for faults in (self._faults, *(outer for _, _, _, outer in self._outer)):
            faults[:] = [*(fault for fault in faults if fault not in ended), *begun]

    def _get_baseline(self) -> Baseline:
        """Return the state that tests should find, decoded at the first change."""
        if self._baseline is None:
            from pytest_netns_mysql.kernel.guard.baseline import Baseline

            self._baseline = Baseline(self.network, self._watch, self._messages, self._rulesets, self._name_files)
        return self._baseline

    def _read(self, name: str) -> dumps.Messages:
        with self.network[name]:
            return dumps.read()

    def _take(self) -> None:
        self._watch.take(self._pending)


def _ruleset(network: Network, name: str) -> Tables:
    from pytest_netns_mysql.kernel.netlink import ruleset

    with network[name]:
        return ruleset.read()
