"""Forking this process, which may have threads, for a child that makes system calls and ends or becomes a program."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterable


def start_child(run: Callable[[], object]) -> int:
    """Start a copy of this process, in a millisecond or two; see fork(2).

    Args:
        run: Called in the child, which has one thread and ends behind it. It must import nothing, and wait for no lock
            that another thread may hold.

    Returns:
        The child's pid.
    """
    import posix  # Windows has none

    # A signal whose handler raises an error would let the child leave this function, and go on as a second pytest.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12, for the locks of other threads
            child = posix.fork()  # not os.fork: a debugger replaces that, to follow the child
        if child == 0:
            _run_and_exit(run, mask)
        return child
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _run_and_exit(run: Callable[[], object], mask: Iterable[int]) -> None:
    try:
        sys.settrace(None)
        sys.setprofile(None)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        run()
    finally:
        os._exit(1)
