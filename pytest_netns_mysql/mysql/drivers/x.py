"""X DevAPI sessions whose sockets are born in a namespace: one alone, and those of a client's pool."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import mysqlx


class NamespaceXClient(mysqlx.Client):
    """Be an X DevAPI client whose sessions, pooled ones too, are born in one namespace."""

    def __init__(
        self, namespace: AbstractContextManager[Any], settings: dict[str, Any], pooling: Mapping[str, Any]
    ) -> None:
        """Keep the settings; no session is opened before ``get_session``. See X DevAPI, "Connecting to a Session"."""
        self._namespace = namespace
        checked = mysqlx.get_client(settings, {"pooling": dict(pooling)})
        super().__init__(checked.settings, dict(pooling))

    def get_session(self) -> mysqlx.Session:
        """Return a session; the pool makes its connection here, or makes it anew."""
        with self._namespace:
            return super().get_session()


def xconnect(
    namespace: AbstractContextManager[Any], pooling: Mapping[str, Any] | None = None, **settings: Any
) -> mysqlx.Session | NamespaceXClient:
    """Open an X DevAPI session from ``namespace``; with ``pooling``, as of mysqlx.get_client, return a client."""
    named = {key.replace("_", "-"): value for key, value in settings.items()}
    if pooling is not None:
        return NamespaceXClient(namespace, named, pooling)
    with namespace:
        return mysqlx.get_session(named)
