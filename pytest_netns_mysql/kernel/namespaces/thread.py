"""Do something in a thread of its own: a namespace belongs to a thread, and the calling one is not to move."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TypeVar

from pytest_netns_mysql.errors import SandboxError

T = TypeVar("T")


def by_thread(action: Callable[[], T]) -> T:
    """Return what ``action`` returns in a thread that has ended by then; raise what it raises.

    Raises SandboxError where threads are none of the kernel's, as in a process that gevent has patched.
    """
    returned: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            if _is_main_thread():
                raise SandboxError("a thread of this process is none of the kernel's, and cannot be moved by itself")
            returned.append(action())
        except BaseException as error:  # noqa: BLE001 - the calling thread is to raise it
            raised.append(error)

    thread = threading.Thread(target=run, name="netns-sandbox")
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
    return returned[0]


def has_kernel_threads() -> bool:
    """Return True if a thread of this process is one of the kernel's, not a greenlet as gevent makes them."""
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(not _is_main_thread()), name="netns-sandbox")
    thread.start()
    thread.join()
    return found == [True]


def _is_main_thread() -> bool:
    return os.readlink("/proc/thread-self").endswith(f"/{os.getpid()}")  # noqa: PTH115 - the text is wanted
