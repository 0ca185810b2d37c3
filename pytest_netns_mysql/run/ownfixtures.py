"""The attribute by which the fixtures of this package are told from all others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_ATTRIBUTE = "netns_own_fixture"

_Function = TypeVar("_Function", bound=Callable[..., Any])


def own_fixture(function: _Function) -> _Function:
    """Mark the function of a fixture that this package makes; stands below ``@pytest.fixture``.

    Such a fixture enters namespaces by itself, so nothing enters a namespace for it.
    """
    setattr(function, _ATTRIBUTE, True)
    return function


def is_own(function: object) -> bool:
    """Return True if the function of a fixture was marked by ``own_fixture``."""
    return getattr(function, _ATTRIBUTE, False) is True
