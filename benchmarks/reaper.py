"""Run a command until it and all of its descendants are gone; write down the times and the CPU seconds of all of them.

    python -I -S reaper.py RESULT COMMAND...

The kernel adds up the CPU time of a process when its parent waits for it, see wait4(2). A killed mysqld may outlive the
process that started it. As a subreaper, see PR_SET_CHILD_SUBREAPER(2const), this process inherits such orphans and
waits for each of them: nothing is missed, whoever was the parent, and nothing is counted twice.

RESULT is written as JSON: ``pid`` is that of the command; ``begin``, ``end`` (the command is gone) and ``gone`` (all
are gone) are times of CLOCK_MONOTONIC, one clock for all processes; ``cpu`` is user and system seconds of all.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time

_PR_SET_CHILD_SUBREAPER = 36
_ORPHANS_TIMEOUT = 30.0  # seconds after the command's end
_POLL = 0.001  # seconds


def main() -> int:
    """Run the command; return its exit status."""
    result, *command = sys.argv[1:]
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    # An interrupt is the command's to answer: it is sent to the whole process group. A handler is not inherited, as
    # SIG_IGN would be; and Python's own SIG_IGN for these two signals is not for the command.
    signal.signal(signal.SIGINT, lambda *_: None)
    begin = time.monotonic()
    child = os.posix_spawnp(command[0], command, os.environ, setsigdef=[signal.SIGPIPE, signal.SIGXFSZ])
    _, status, usage = os.wait4(child, 0)
    end = time.monotonic()
    cpu = usage.ru_utime + usage.ru_stime + _wait_for_orphans(end + _ORPHANS_TIMEOUT)
    with open(result, "w") as file:  # noqa: PTH123 - nothing of this process is to compete with the command
        json.dump({"pid": child, "begin": begin, "end": end, "gone": time.monotonic(), "cpu": cpu}, file)
    return os.waitstatus_to_exitcode(status) & 0xFF


def _wait_for_orphans(deadline: float) -> float:
    """Wait until no descendant is left; return the CPU seconds of those that the command did not wait for."""
    seconds = 0.0
    while True:
        try:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return seconds
        seconds += usage.ru_utime + usage.ru_stime
        if pid == 0:
            if time.monotonic() > deadline:
                with open(f"/proc/self/task/{os.getpid()}/children") as children:  # noqa: PTH123 - as above
                    left = children.read().split()
                for one in left:
                    os.kill(int(one), signal.SIGKILL)
                sys.exit(f"{_ORPHANS_TIMEOUT:g} s after its end the command had left processes: {', '.join(left)}")
            time.sleep(_POLL)


if __name__ == "__main__":
    sys.exit(main())
