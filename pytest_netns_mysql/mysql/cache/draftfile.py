"""Writing files of the cache in one step, so that no process reads half of a file, or mixes its text with another's."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def replace_file(path: Path, text: str) -> None:
    """Write a file, which has its old content until it has all of the new.

    The draft has a name that no other process chooses. A pid would be no such name: machines that share a home folder,
    and containers, have equal ones. Nobody else can change the file, whatever the umask is.

    Raises OSError, and leaves nothing then.
    """
    draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
