"""The topologies of a run: those that the settings name, and those of markers."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_netns_mysql.errors import NetnsError

if TYPE_CHECKING:
    from pytest_netns_mysql.settings import Settings
    from pytest_netns_mysql.topology.topology import Topology


class Topologies:
    """The topologies that settings and markers name, each read once."""

    def __init__(self, settings: Settings, base: Path) -> None:
        """Read nothing yet.

        Args:
            settings: The settings of the run.
            base: The folder that the path of the setting's file starts from.
        """
        self._settings = settings
        self._base = base
        self._named: dict[tuple[str, Path], tuple[Topology, ...]] = {}

    @cached_property
    def of_settings(self) -> tuple[Topology, ...]:
        """The topologies that the setting netns_topology names; reading them may raise TopologyError."""
        from pytest_netns_mysql.topology.file.load import load_all

        try:
            return load_all(self._settings.topology, base=self._base)
        except NetnsError as error:
            raise error.at(error.where or self._settings.given.get("topology")) from error

    def named(self, text: str, base: Path) -> tuple[Topology, ...]:
        """Return the topologies that a marker names.

        Args:
            text: The marker's argument.
            base: The folder that the path of a file starts from.
        """
        from pytest_netns_mysql.topology.file.load import load_all

        if (text, base) not in self._named:
            self._named[text, base] = load_all(text, base=base)
        return self._named[text, base]
