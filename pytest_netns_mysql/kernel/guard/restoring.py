"""The state of a network on record: compared with what is there, and put back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pytest_netns_mysql.kernel.guard import controls, names
from pytest_netns_mysql.kernel.guard.difference import Difference, Differences
from pytest_netns_mysql.kernel.guard.relinking import Links
from pytest_netns_mysql.kernel.guard.watch import Changes, Control, Watch
from pytest_netns_mysql.kernel.netlink import dumps, neighbours, putback, readback, ruleset
from pytest_netns_mysql.kernel.netlink.nat import TABLE
from pytest_netns_mysql.kernel.netlink.readback import State
from pytest_netns_mysql.kernel.network import Network
from pytest_netns_mysql.kernel.wiring import translate_in

_ATTEMPTS = 4
_PATIENCE = 1.5  # seconds: the kernel may take note of a carrier no more often than each second
_PAUSE = 0.01
_INCOMPLETE = "more settings were written than the kernel could tell of"


@dataclass(frozen=True)
class Result:
    """What was found, as lines for a reader, and what of it could not be put back."""

    found: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()


class Record:
    """What the tests of a network are to find."""

    def __init__(
        self,
        network: Network,
        watch: Watch,
        raw: Mapping[str, dumps.Raw],
        rulesets: Mapping[str, ruleset.Tables],
        shown: names.Names,
    ) -> None:
        """Keep what was read: of nftables what the topology has made, of settings nothing."""
        self._network = network
        self._watch = watch
        self._states = {name: State(one) for name, one in raw.items()}
        self._rulesets = dict(rulesets)
        self._names = shown
        self._controls: dict[Control, str | None] = {}

    def copy(self) -> Record:
        """Return another record of the same, which can become different."""
        record = Record(self._network, self._watch, {}, self._rulesets, self._names)
        record._states = dict(self._states)
        record._controls = dict(self._controls)
        return record

    def states_of(self, several: Iterable[str]) -> dict[str, State]:
        """Return what is on record of namespaces."""
        return {name: self._states[name] for name in several}

    def read(self, several: Iterable[str]) -> dict[str, State]:
        """Return what namespaces are like now."""
        return {name: self._read(name) for name in several}

    def accept(self, changes: Changes, first: Mapping[str, State]) -> None:
        """Take what changed for part of the record; ``first`` has namespaces in which something else had changed."""
        for name in changes.namespaces:
            now = self._read(name)
            self._states[name] = self._states[name].merged(first[name], now) if name in first else now
        for name in changes.rulesets:
            self._rulesets[name] = self._ruleset(name)
        for name, path in changes.controls:
            with self._network[name]:
                self._controls[name, path] = controls.value_of(path)
        if changes.names:
            with self._network.sandbox.entered():
                self._names = names.read(self._network)
        self._watch.watch_controls(changes.namespaces)

    def put_back(self, changes: Changes, take: Callable[[], None]) -> Result:
        """Make the network what the record says; ``take`` adds to the changes what the kernel tells meanwhile."""
        unwritten = controls.Unwritten(self._network)
        incomplete = (_INCOMPLETE,) if changes.is_incomplete else ()
        found: tuple[str, ...] | None = None
        try:
            for attempt in range(_ATTEMPTS):
                differences = self._differences(changes, unwritten)
                lines = tuple(differences.lines())
                found = lines if found is None else found
                if not lines or attempt == _ATTEMPTS - 1:
                    break
                self._restore(differences)
                take()
        finally:
            unwritten.close()
        return Result((*(found or ()), *incomplete), (*lines, *incomplete))

    def _differences(self, changes: Changes, unwritten: controls.Unwritten) -> Differences:
        with self._network.sandbox.entered():
            shown = names.read(self._network)
        return Differences(
            self._settled(changes),
            {name: (self._rulesets.get(name, {}), self._ruleset(name)) for name in sorted(changes.rulesets)},
            dict(self._written(changes, unwritten)),
            (self._names, shown),
        )

    def _settled(self, changes: Changes) -> dict[str, Difference]:
        """Return what differs when the kernel has done what it does by itself after an interface is up again."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            touched = self._touched(changes)
            found = {name: Difference(self._states[name], self._now(name, changes)) for name in touched}
            passing = [one for one in found.values() if one.will_pass]
            is_final = not passing or any(one not in passing and one.differs for one in found.values())
            if is_final or time.monotonic() > deadline:
                return found
            time.sleep(_PAUSE)

    def _touched(self, changes: Changes) -> list[str]:
        """Return the namespaces to read: a neighbour that came or went matters where one was set by hand."""
        by_hand = {
            name
            for name in changes.neighbours
            if any(entry.kind == dumps.NEIGHBOUR for entry in self._states[name].entries)
        }
        touched = changes.namespaces | by_hand | {name for name, _ in changes.placed}
        return [name for name in self._states if name in touched]

    def _written(self, changes: Changes, unwritten: controls.Unwritten) -> Iterator[tuple[Control, tuple[str, str]]]:
        """Yield the settings that differ, each with what it was and what it is."""
        for name, path in sorted({*changes.controls, *self._controls}):
            interfaces = {link.name for link in self._states[name].links.values()}
            if not controls.is_of(path, interfaces):
                continue
            was = self._controls[name, path] if (name, path) in self._controls else unwritten.value_of(name, path)
            with self._network[name]:
                now = controls.value_of(path)
            if was is not None and now is not None and was != now:
                yield (name, path), (was, now)

    def _restore(self, differences: Differences) -> None:
        with self._network.sandbox.entered():
            names.put_back(self._network, *differences.names)
        touched = {*differences.states, *Links(self._network, self._states).put_back(differences.states)}
        self._watch.watch_controls(touched)
        for name in self._states:
            values = [(path, was) for (where, path), (was, _) in differences.controls.items() if where == name]
            with self._network[name]:
                controls.write(values)
                if name in differences.states:
                    putback.delete_neighbours(differences.states[name].entries)
                if name in touched:
                    putback.set_entries(self._states[name])
        for name, (was, now) in differences.rulesets.items():
            with self._network[name]:
                ruleset.delete([one for one in now if now[one] != was.get(one)])
            if was.get(TABLE) != now.get(TABLE):
                translate_in(name, self._network.topology.plan, self._network, "what a test changed")

    def _read(self, name: str) -> State:
        with self._network[name]:
            return readback.read()

    def _now(self, name: str, changes: Changes) -> State:
        """Return what a namespace is like now, with the entries for neighbours that were set by hand."""
        with self._network[name]:
            raw = dumps.read()
        state = State(raw)
        told = [message for where, message in changes.placed if where == name]
        state.entries.update(dict.fromkeys(neighbours.still_there(told, raw)))
        return state

    def _ruleset(self, name: str) -> ruleset.Tables:
        with self._network[name]:
            return ruleset.read()
