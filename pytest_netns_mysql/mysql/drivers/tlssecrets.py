"""The secrets of TLS connections, written to a file from which Wireshark decrypts their packets."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any


def log_secrets(context: Any, namespace: AbstractContextManager[Any]) -> None:
    """Have the connections of an SSLContext write their secrets to the key log of a namespace, if it has one.

    See ``SSLContext.keylog_filename`` in the documentation of Python. A file that the caller chose stays.
    """
    key_log = getattr(namespace, "_key_log", None)
    if key_log is not None and context is not None and context.keylog_filename is None:
        context.keylog_filename = str(key_log())
