"""Calls of factories with the arguments that a test is about."""

from __future__ import annotations

import inspect
from typing import Any

from pytest_netns_mysql import factories

NEEDED: dict[str, Any] = {
    "bind_address": "192.0.2.2/red",
    "source": "netns_mysqld",
    "namespace": "red",
    "namespaces": ["red", "blue"],
    "argv": ["haproxy"],
}


def call(factory: str, **arguments: object) -> object:
    """Call a factory with these arguments and the required ones; return the fixture."""
    function = getattr(factories, factory)
    parameters = inspect.signature(function).parameters.values()
    needed = {
        parameter.name: NEEDED[parameter.name]
        for parameter in parameters
        if parameter.default is parameter.empty and parameter.name in NEEDED
    }
    return function(**{**needed, **arguments})
