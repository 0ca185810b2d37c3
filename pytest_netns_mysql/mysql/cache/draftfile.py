"""Writing files of the cache in one step, so that no process reads half of a file, or mixes its text with another's."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def replace_file(path: Path, text: str) -> None:
    """Write a file, which has its old content until it has all of the new.

    The draft has a name that no other process chooses. A pid would be no such name: machines that share a home folder,
    and containers, have equal ones.

    Raises OSError, and leaves nothing then.
    """
    draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    try:
        draft.write_text(text)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
