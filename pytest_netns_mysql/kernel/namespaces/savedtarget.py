"""Where threads once stood, kept for jobs that other threads run later."""

from __future__ import annotations

import os
from weakref import WeakValueDictionary

from pytest_netns_mysql.kernel.namespaces.position import (
    Position,
    Target,
    close_target,
    mount_identity,
    network_identity,
)


class OwnTarget:
    """A target whose descriptors are closed with this object."""

    __slots__ = ("target",)

    def __init__(self, target: Target) -> None:
        """Take over the descriptors."""
        self.target: Target = target

    def __del__(self) -> None:
        close_target(self.target)


class SavedTarget:
    """The target at which a thread once stood.

    Attributes:
        target: Where to move another thread.
        network_id: Device and inode of the network namespace.
        mount_id: Device and inode of the mount namespace.
    """

    # It has no __del__: while that runs, another thread could still get the object by a weak reference.
    __slots__ = ("__weakref__", "_own", "mount_id", "network_id", "target")

    def __init__(self, target: Target | OwnTarget, network_id: tuple[int, int], mount_id: tuple[int, int]) -> None:
        """Save a target; one of its own ends with this object."""
        self._own = target
        self.target: Target = target.target if isinstance(target, OwnTarget) else target
        self.network_id: tuple[int, int] = network_id
        self.mount_id: tuple[int, int] = mount_id

    def is_current(self) -> bool:
        """Return True if the calling thread is in both namespaces."""
        return network_identity() == self.network_id and mount_identity() == self.mount_id


class SavedTargets:
    """The saved targets of a sandbox, whose descriptors thousands of waiting jobs share."""

    def __init__(self) -> None:
        """Start without any."""
        self._saved: WeakValueDictionary[object, SavedTarget] = WeakValueDictionary()

    def get(self, network_id: tuple[int, int], mount_id: tuple[int, int], target: Target | None) -> SavedTarget:
        """Return a target with descriptors of its own: a network may be closed before its last job has begun.

        Args:
            network_id: Device and inode of the network namespace.
            mount_id: Device and inode of the mount namespace.
            target: What is open in these namespaces, or None for where the calling thread stands.
        """
        found = self._saved.get((network_id, mount_id))
        if found is not None:
            return found
        if isinstance(target, Position):
            return SavedTarget(target, network_id, mount_id)
        own = OwnTarget(Position.current() if target is None else os.dup(target))
        found = self._saved[network_id, mount_id] = SavedTarget(own, network_id, mount_id)
        return found
