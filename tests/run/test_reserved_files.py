"""Open files that are kept for reports: they are closed in time, and files of tests are not."""

from __future__ import annotations

import contextlib
import os
import resource

from pytest_netns_mysql.run.reservedfiles import ReservedFiles

HIGHEST = 200


def opened() -> set[int]:
    return {number for number in range(HIGHEST) if os.path.exists(f"/proc/self/fd/{number}")}  # noqa: PTH110


def open_all() -> list[int]:
    """Open as many files as may be opened."""
    taken: list[int] = []
    with contextlib.suppress(OSError):
        while True:
            taken.append(os.dup(0))
    return taken


def test_reserved_files_make_room_where_all_files_are_open() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = ReservedFiles()
    files.reserve()
    taken: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(opened()) + 1, hard))
    try:
        taken += open_all()
        before = len(taken)
        files.release()
        taken += open_all()
        assert len(taken) - before == 16
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for number in taken:
            os.close(number)


def test_the_file_of_a_test_that_has_the_number_of_a_reserved_one_stays_open() -> None:
    before = opened()
    files = ReservedFiles()
    files.reserve()
    reserved = opened() - before
    assert len(reserved) == 16
    replaced, closed, *_ = reserved
    os.dup2(0, replaced)
    os.close(closed)
    files.release()
    assert opened() - before == {replaced}
    os.close(replaced)
