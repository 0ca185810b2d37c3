"""Names of drivers that are imported already: looking for them imports no driver."""

from __future__ import annotations

import functools
import sys
from typing import Any


def loaded(module: str, name: str) -> Any:
    """Return what an imported module has by a name, or None.

    A test cannot have passed a function or a class of a module that was never imported.
    """
    return getattr(sys.modules.get(module), name, None)


def is_class_of(driver: object, base: type | None) -> bool:
    """Return True if a driver is a class derived from ``base``, or a ``functools.partial`` of one."""
    called = driver.func if isinstance(driver, functools.partial) else driver
    return base is not None and isinstance(called, type) and issubclass(called, base)
