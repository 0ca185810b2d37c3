"""Functions tried in a child process, because their effects cannot be undone in this process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Callable

from pytest_netns_mysql.kernel.namespaces.forking import start_child
from pytest_netns_mysql.kernel.namespaces.refusal import StepError

_TRIAL = "a trial in a child process"


def run_in_child(action: Callable[[], object]) -> None:
    """Call ``action`` in a forked child process that ends afterwards.

    The child has one thread, however many this process has. So the kernel refuses the child a user namespace only for
    reasons that would stop this process with a single thread as well. The fork takes one or two milliseconds.

    Raises:
        StepError: ``action`` raised an error in the child, or the child ended early.
    """
    reading, writing = os.pipe()
    child = start_child(lambda: _run(writing, action))
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    with contextlib.suppress(ChildProcessError):  # a process that ignores SIGCHLD has no children to wait for
        os.waitpid(child, 0)
    if not answer:
        raise StepError(_TRIAL, 0, "it ended without an answer")
    refusal = json.loads(answer)
    if refusal is not None:
        raise StepError(*refusal)


def _run(writing: int, action: Callable[[], object]) -> None:
    """Call ``action``, and write what was refused to the pipe."""
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
