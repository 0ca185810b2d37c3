"""The file to which TLS clients write their secrets. It is in memory, so that nothing stays of it."""

from __future__ import annotations

import os
from pathlib import Path


class KeyLog:
    """A file in memory, see memfd_create(2), in the format of SSLKEYLOGFILE.

    Attributes:
        path: The file, for this process alone.
    """

    def __init__(self) -> None:
        """Create the file, empty."""
        self._descriptor = os.memfd_create("netns-key-log")
        self.path = Path(f"/proc/self/fd/{self._descriptor}")

    def read(self) -> bytes:
        """Return the secrets that were written since ``clear``."""
        return os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0)

    def clear(self) -> None:
        """Forget the secrets."""
        os.ftruncate(self._descriptor, 0)

    def close(self) -> None:
        """Close the file, with which it is gone."""
        os.close(self._descriptor)
