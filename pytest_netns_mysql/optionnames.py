"""Names of mysqld's options: one option can be written in many ways."""

from __future__ import annotations


def normal(name: str) -> str:
    """Return the name of an option as SHOW VARIABLES writes it: ``--Foo-Bar`` becomes ``foo_bar``."""
    return name.lstrip("-").replace("-", "_").lower()


def without_loose(name: str) -> str:
    """Return the normal name of an option without the prefix ``loose_``, by which unknown options are ignored."""
    return normal(name).removeprefix("loose_")


def base_name(name: str) -> str:
    """Return the normal name of an option without prefixes; see the manual, "Program Option Modifiers".

    ``loose-skip-log-bin`` becomes ``log_bin``. The variable skip_name_resolve keeps its name.
    """
    name = normal(name)
    for prefix in ("loose_", "skip_", "disable_", "enable_"):
        if name.startswith(prefix) and name != "skip_name_resolve":
            return base_name(name.removeprefix(prefix))
    return name
