"""The file to which TLS clients write their secrets. It is in memory, so that nothing stays of it."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_netns_mysql.kernel.namespaces.position import identity


class KeyLog:
    """A file in memory, see memfd_create(2), in the format of SSLKEYLOGFILE.

    A test may close the descriptor, whose number is then given to a file of the test. So each use looks whether the
    descriptor is still that of the file in memory; a new one is created if it is not.
    """

    def __init__(self) -> None:
        """Create the file, empty."""
        self._create()

    def path(self) -> Path:
        """Return the file, for this process alone."""
        if not self._is_open:
            self._create()
        return Path(f"/proc/self/fd/{self._descriptor}")

    def read(self) -> bytes:
        """Return the secrets that were written since ``clear``."""
        return os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0) if self._is_open else b""

    def clear(self) -> None:
        """Forget the secrets."""
        if self._is_open:
            os.ftruncate(self._descriptor, 0)

    def close(self) -> None:
        """Close the file, with which it is gone."""
        if self._is_open:
            os.close(self._descriptor)

    def _create(self) -> None:
        self._descriptor = os.memfd_create("netns-key-log")
        self._identity = identity(self._descriptor)

    @property
    def _is_open(self) -> bool:
        try:
            return identity(self._descriptor) == self._identity
        except OSError:
            return False
