"""Try in a child process what cannot be undone in this one."""

from __future__ import annotations

import contextlib
import json
import os
import posix
import signal
import warnings
from collections.abc import Callable

from pytest_netns_mysql.kernel.namespaces.refusal import StepError

_TRIAL = "a trial in a child process"


def attempt(action: Callable[[], object]) -> None:
    """Do ``action`` in a child process that ends then; raise the StepError that it raises there.

    The child has one thread, however many this process has: a user namespace is refused to it for no other reason than
    to this process once it has one thread. The fork costs a millisecond or two.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of locks that other threads hold. The child makes system calls, and imports nothing.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Not os.fork: a debugger replaces it, to follow the child.
        child = posix.fork()
    if child == 0:
        _answer(writing, action)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    with contextlib.suppress(ChildProcessError):  # a process that ignores SIGCHLD has no children to wait for
        os.waitpid(child, 0)
    if not said:
        raise StepError(_TRIAL, 0, "it ended without an answer")
    refusal = json.loads(said)
    if refusal is not None:
        raise StepError(*refusal)


def _answer(writing: int, action: Callable[[], object]) -> None:
    """Do the action, write what was refused, and end the child."""
    refusal: tuple[str, int, str, str | None] | None = None
    try:
        for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        action()
    except StepError as error:
        refusal = error.step, error.errno or 0, error.strerror or "", error.file
    except BaseException as error:  # noqa: BLE001 - the child reports whatever happened
        refusal = _TRIAL, 0, f"{type(error).__name__}: {error}", None
    finally:
        with contextlib.suppress(OSError):
            os.write(writing, json.dumps(refusal).encode())
        os._exit(0)
