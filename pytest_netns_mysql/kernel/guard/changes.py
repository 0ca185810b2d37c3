"""The parts of a network that may have changed, as the kernel reports them."""

from __future__ import annotations

Sysctl = tuple[str, str]
"""A namespace, and the path of a setting below /proc/sys/net."""


class Changes:
    """What may have changed.

    Attributes:
        namespaces: The namespaces whose interfaces, addresses, routes or the like were touched.
        neighbours: The namespaces where a neighbour appeared or disappeared, perhaps by the kernel itself.
        manual_neighbours: Neighbours that were set by hand but not permanently: the namespace, and the notification.
        rulesets: The namespaces whose nftables rules were touched.
        sysctls: The settings that were written.
        name_files: True if files that programs find names by were touched.
        is_incomplete: True if more settings were written than the kernel could report.
    """

    def __init__(self) -> None:
        """Begin without changes."""
        self.namespaces: set[str] = set()
        self.neighbours: set[str] = set()
        self.manual_neighbours: set[tuple[str, bytes]] = set()
        self.rulesets: set[str] = set()
        self.sysctls: set[Sysctl] = set()
        self.name_files: bool = False
        self.is_incomplete: bool = False

    def __bool__(self) -> bool:
        touched = self.namespaces or self.neighbours or self.rulesets or self.sysctls
        return bool(touched) or self.name_files or self.is_incomplete

    def add(self, other: Changes) -> None:
        """Add other changes to these."""
        self.namespaces |= other.namespaces
        self.neighbours |= other.neighbours
        self.manual_neighbours |= other.manual_neighbours
        self.rulesets |= other.rulesets
        self.sysctls |= other.sysctls
        self.name_files |= other.name_files
        self.is_incomplete |= other.is_incomplete
