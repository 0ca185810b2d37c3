"""The topologies of a run: those that the settings name, and those of markers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import NetnsError

if TYPE_CHECKING:
    from pytest_netns_mysql.settings import Settings
    from pytest_netns_mysql.topology.topology import Topology


class Topologies:
    """The topologies that settings and markers name, each read once."""

    def __init__(self, settings: Settings, base: Path, change: Callable[[Topology], Topology]) -> None:
        """Read nothing yet.

        Args:
            settings: The settings of the run.
            base: The folder that the path of the setting's file starts from.
            change: Returns what the hooks of the project make of a topology; the same each time.
        """
        self._settings = settings
        self._base = base
        self._change = change
        self._named: dict[tuple[str, Path], tuple[Topology, ...]] = {}

    @property
    def of_settings(self) -> tuple[Topology, ...]:
        """The topologies that the setting netns_topology names; reading them may raise TopologyError."""
        return self._changed(self._of_settings)

    @cached_property
    def _of_settings(self) -> tuple[Topology, ...]:
        from pytest_netns_mysql.topology.file.load import load_all

        try:
            return load_all(self._settings.topology, base=self._base)
        except NetnsError as error:
            raise error._at(error.where or self._settings.given.get("topology")) from error

    @property
    def read(self) -> tuple[Topology, ...]:
        """The topologies that were read so far, those of the settings first."""
        of_settings: tuple[Topology, ...] = self.__dict__.get("_of_settings", ())  # the cached property
        found = [*of_settings, *(topology for named in self._named.values() for topology in named)]
        return self._changed(tuple({topology.source: topology for topology in found}.values()))

    def named(self, text: str, base: Path) -> tuple[Topology, ...]:
        """Return the topologies that a marker names.

        Args:
            text: The marker's argument.
            base: The folder that the path of a file starts from.
        """
        from pytest_netns_mysql.topology.file.load import load_all

        if (text, base) not in self._named:
            self._named[text, base] = load_all(text, base=base)
        return self._changed(self._named[text, base])

    def _changed(self, topologies: tuple[Topology, ...]) -> tuple[Topology, ...]:
        return tuple(map(self._change, topologies))
