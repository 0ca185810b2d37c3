"""Functions run in a thread of their own: a namespace belongs to a thread, and the calling thread must not move."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TypeVar

from pytest_netns_mysql.errors import SandboxError

T = TypeVar("T")


def run_in_new_thread(action: Callable[[], T]) -> T:
    """Call ``action`` in a new thread, wait for the thread's end, and return or raise what ``action`` does.

    Raises:
        SandboxError: The threads of this process are not threads of the kernel, as where gevent replaces them, or no
            thread can be started.
    """
    returned: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            if _is_main_thread():
                raise SandboxError(
                    "the threads of this process are not threads of the kernel, as where gevent replaces them: "
                    "none of them can enter a namespace alone"
                )
            returned.append(action())
        except BaseException as error:  # noqa: BLE001 - the calling thread is to raise it
            raised.append(error)

    _run(run)
    if raised:
        raise raised[0]
    return returned[0]


def has_kernel_threads() -> bool:
    """Return True if a new thread of this process is a thread of the kernel, not a greenlet as gevent makes them.

    Raises:
        SandboxError: No thread can be started.
    """
    found: list[bool] = []
    _run(lambda: found.append(not _is_main_thread()))
    return found == [True]


def _run(target: Callable[[], object]) -> None:
    thread = threading.Thread(target=target, name="netns-sandbox")
    try:
        thread.start()
    except RuntimeError as error:
        raise no_threads_error(str(error)) from error
    thread.join()


def no_threads_error(answer: str) -> SandboxError:
    """Return the error that no thread can be started, which Python answered."""
    return SandboxError(
        "no sandbox can be created here: this process cannot start a thread, and neither can mysqld",
        tried=[answer],
        remedies=[
            "raise the limit of processes and threads: ulimit -u, or pids.max of the cgroup (Docker: --pids-limit)",
            "update the container engine: with glibc 2.34 or newer, Docker before 20.10.10 forbids threads; or "
            "start the container with --security-opt seccomp=unconfined",
        ],
    )


def _is_main_thread() -> bool:
    return os.readlink("/proc/thread-self").endswith(f"/{os.getpid()}")  # noqa: PTH115 - the text is wanted
