"""The spellings of mysqld's options: one name for all of them."""

from __future__ import annotations

_MODIFIERS = ("loose_", "skip_", "disable_", "enable_")


def normal(name: str) -> str:
    """Return an option's name as SHOW VARIABLES writes it: ``--Foo-Bar`` and ``foo_bar`` are the same option."""
    return name.lstrip("-").replace("-", "_").lower()


def without_modifiers(name: str) -> str:
    """Return an option's normal name without ``loose_``, ``skip_`` and their like.

    See the manual, "Program Option Modifiers".
    """
    name = normal(name)
    for modifier in _MODIFIERS:
        if name.startswith(modifier) and name != "skip_name_resolve":
            return without_modifiers(name.removeprefix(modifier))
    return name
