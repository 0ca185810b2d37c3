"""The result of probing one prerequisite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "missing", "note"]


@dataclass(frozen=True)
class Finding:
    """The result of probing one prerequisite.

    Attributes:
        name: The prerequisite.
        state: ``missing`` prevents netns tests, ``note`` does not.
        detail: What was found, or what failed.
        remedies: What to do if it is missing.
    """

    name: str
    state: State
    detail: str
    remedies: tuple[str, ...] = ()
