"""The state that the tests of a network should find: compared with what is there, and put back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pytest_netns_mysql import clock
from pytest_netns_mysql.kernel.guard import name_files, sysctls
from pytest_netns_mysql.kernel.guard.changes import Changes, Sysctl
from pytest_netns_mysql.kernel.guard.difference import NamespaceDifference, NetworkDifference
from pytest_netns_mysql.kernel.guard.links import Links
from pytest_netns_mysql.kernel.guard.watch import Watch
from pytest_netns_mysql.kernel.netlink import dumps, neighbours, restore, ruleset, state
from pytest_netns_mysql.kernel.netlink.nat import TABLE
from pytest_netns_mysql.kernel.netlink.state import State
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.kernel.wiring import translate_in

_ATTEMPTS = 4
_CARRIER_TIMEOUT = 1.5  # seconds: the kernel may notice a carrier no more often than once a second
_PAUSE = 0.01  # seconds
_INCOMPLETE = "more settings were written than the kernel can report"


@dataclass(frozen=True)
class Leftovers:
    """What a test left on the network.

    Attributes:
        found: A line for each change.
        stays: A line for each change that could not be put back.
    """

    found: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()


class Baseline:
    """The state that the tests of a network should find."""

    def __init__(
        self,
        network: Network,
        watch: Watch,
        messages: Mapping[str, dumps.Messages],
        rulesets: Mapping[str, ruleset.Tables],
        files: name_files.NameFiles,
    ) -> None:
        """Take the state as it was read.

        Args:
            network: The network.
            watch: The watch over the network. New interfaces are added to it.
            messages: What each namespace had.
            rulesets: The nftables rules of each namespace that has rules of the topology.
            files: The files that programs find names by.
        """
        self._network = network
        self._watch = watch
        self._states = {name: State(several) for name, several in messages.items()}
        self._rulesets = dict(rulesets)
        self._name_files = files
        self._sysctls: dict[Sysctl, str | None] = {}

    def copy(self) -> Baseline:
        """Return an independent copy."""
        baseline = Baseline(self._network, self._watch, {}, self._rulesets, self._name_files)
        baseline._states = dict(self._states)
        baseline._sysctls = dict(self._sysctls)
        return baseline

    def states_of(self, names: Iterable[str]) -> dict[str, State]:
        """Return the states that tests should find in these namespaces."""
        return {name: self._states[name] for name in names}

    def read(self, names: Iterable[str]) -> dict[str, State]:
        """Return the states that are there now in these namespaces."""
        return {name: self._read(name) for name in names}

    def accept(self, changes: Changes, first: Mapping[str, State]) -> None:
        """Make changes a part of the state that tests should find.

        Args:
            changes: What was touched.
            first: The state before these changes, of each namespace that had other changes then.
        """
        for name in changes.namespaces:
            now = self._read(name)
            self._states[name] = self._states[name].merged(first[name], now) if name in first else now
        for name in changes.rulesets:
            self._rulesets[name] = self._ruleset(name)
        for name, path in changes.sysctls:
            with self._network[name]:
                self._sysctls[name, path] = sysctls.value_of(path)
        if changes.name_files:
            with self._network._sandbox.entered():
                self._name_files = name_files.read(self._network)
        self._watch.watch_sysctls(changes.namespaces)

    def put_back(self, changes: Changes, take: Callable[[], None]) -> Leftovers:
        """Restore the state that tests should find.

        Args:
            changes: What was touched.
            take: A function that adds the kernel's newest notifications to the changes.

        Raises:
            OSError: The network cannot be read.
            NetworkError: The kernel refuses the topology's address translation.
        """
        for namespace in self._network.values():
            namespace._check_descriptor()
        initial_values = sysctls.InitialValues(self._network)
        incomplete = (_INCOMPLETE,) if changes.is_incomplete else ()
        found: tuple[str, ...] | None = None
        try:
            for attempt in range(_ATTEMPTS):
                difference = self._difference(changes, initial_values)
                lines = tuple(difference.lines())
                found = lines if found is None else found
                if not lines or attempt == _ATTEMPTS - 1:
                    break
                self._restore(difference)
                take()
        finally:
            initial_values.close()
        return Leftovers((*(found or ()), *incomplete), (*lines, *incomplete))

    def lines(self, changes: Changes) -> tuple[str, ...]:
        """Return a line for each change that is there now. Nothing is put back.

        Args:
            changes: What was touched.

        Raises:
            OSError: The network cannot be read.
        """
        initial_values = sysctls.InitialValues(self._network)
        try:
            return tuple(self._difference(changes, initial_values).lines())
        finally:
            initial_values.close()

    def _difference(self, changes: Changes, initial_values: sysctls.InitialValues) -> NetworkDifference:
        with self._network._sandbox.entered():
            files = name_files.read(self._network)
        return NetworkDifference(
            self._settled(changes),
            {name: (self._rulesets.get(name, {}), self._ruleset(name)) for name in sorted(changes.rulesets)},
            dict(self._differing_sysctls(changes, initial_values)),
            (self._name_files, files),
        )

    def _settled(self, changes: Changes) -> dict[str, NamespaceDifference]:
        """Return the differences after the kernel has done what it does some time after an interface is up again."""
        deadline = clock.monotonic() + _CARRIER_TIMEOUT
        while True:
            touched = self._touched(changes)
            found = {name: NamespaceDifference(self._states[name], self._now(name, changes)) for name in touched}
            passing = [difference for difference in found.values() if difference.will_pass]
            others = [difference for difference in found.values() if difference not in passing]
            is_final = not passing or any(difference.differs for difference in others)
            if is_final or clock.monotonic() > deadline:
                return found
            time.sleep(_PAUSE)

    def _touched(self, changes: Changes) -> list[str]:
        """Return the namespaces to read.

        Neighbours that the kernel finds by itself are a reason to read only if a test expects a neighbour.
        """
        expecting = {
            name
            for name in changes.neighbours
            if any(entry.kind == dumps.NEIGHBOUR for entry in self._states[name].entries)
        }
        touched = changes.namespaces | expecting | {name for name, _ in changes.manual_neighbours}
        return [name for name in self._states if name in touched]

    def _differing_sysctls(
        self, changes: Changes, initial_values: sysctls.InitialValues
    ) -> Iterator[tuple[Sysctl, tuple[str, str]]]:
        """Yield the settings that differ, each with its former value and its value now."""
        for name, path in sorted({*changes.sysctls, *self._sysctls}):
            interfaces = {link.name for link in self._states[name].links.values()}
            if not sysctls.belongs_to(path, interfaces):
                continue
            is_known = (name, path) in self._sysctls
            was = self._sysctls[name, path] if is_known else initial_values.value_of(name, path)
            with self._network[name]:
                now = sysctls.value_of(path)
            if was is not None and now is not None and was != now:
                yield (name, path), (was, now)

    def _restore(self, difference: NetworkDifference) -> None:
        with self._network._sandbox.entered():
            name_files.put_back(self._network, *difference.name_files)
        touched = {*difference.states, *Links(self._network, self._states).put_back(difference.states)}
        self._watch.watch_sysctls(touched)
        for name in self._states:
            values = [(path, was) for (owner, path), (was, _) in difference.sysctls.items() if owner == name]
            with self._network[name]:
                sysctls.write(values)
                if name in difference.states:
                    restore.delete_neighbours(difference.states[name].entries)
                if name in touched:
                    restore.set_entries(self._states[name])
        for name, (was, now) in difference.rulesets.items():
            with self._network[name]:
                ruleset.delete([table for table in now if now[table] != was.get(table)])
            if was.get(TABLE) != now.get(TABLE):
                translate_in(name, self._network.topology.plan, self._network, "putting back what a test changed")
        for name in self._states:
            with self._network[name]:
                neighbours.forget_unresolved()

    def _read(self, name: str) -> State:
        with self._network[name]:
            return state.read()

    def _now(self, name: str, changes: Changes) -> State:
        """Return a namespace's state now, with the neighbours that were set by hand."""
        with self._network[name]:
            messages = dumps.read()
        now = State(messages)
        notifications = [body for owner, body in changes.manual_neighbours if owner == name]
        now.entries.update(dict.fromkeys(neighbours.remaining(notifications, messages)))
        return now

    def _ruleset(self, name: str) -> ruleset.Tables:
        with self._network[name]:
            return ruleset.read()
