"""The namespace that ``bound()`` of an ORM takes."""

from __future__ import annotations

from pytest_netns_mysql.errors import SettingError, in_short
from pytest_netns_mysql.kernel.namespaces.namespace import Namespace


def check_namespace(value: object, *, where: str) -> None:
    """Raise SettingError for an argument that is not a namespace.

    Args:
        value: The argument.
        where: The module of ``bound()``, for the error.
    """
    if not isinstance(value, Namespace):
        name = value if isinstance(value, str) else "red"
        raise SettingError(
            f"bound() takes a namespace, got {in_short(value)}", where=where, remedies=[f'pass netns["{name}"]']
        )
