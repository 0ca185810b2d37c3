"""Endpoints as people read them, with their ports."""

from __future__ import annotations

from pytest_netns_mysql.endpoint import GLOBAL
from pytest_netns_mysql.endpointkinds import MYSQL_ENDPOINT


def place(address: str, port: int, namespace: str = GLOBAL, kind: str = MYSQL_ENDPOINT.name) -> str:
    """Return an endpoint with its port, such as ``192.0.2.2:3306/red`` or ``127.0.0.1:33062 (admin)``."""
    host = f"[{address}]" if ":" in address else address
    name = "" if namespace == GLOBAL else f"/{namespace}"
    return f"{host}:{port}{name}" + ("" if kind == MYSQL_ENDPOINT.name else f" ({kind})")
