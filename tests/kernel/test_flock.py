"""Locks on files: who holds them, and files that are removed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_netns_mysql.kernel import flock


@contextmanager
def opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_a_lock_has_one_holder_until_it_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    held = flock.try_lock(file)
    assert held is not None
    assert flock.try_lock(file) is None
    os.close(held)
    held = flock.try_lock(file)
    assert held is not None
    os.close(held)
    assert file.stat().st_mode & 0o077 == 0


def test_a_folder_is_shared_by_many_or_claimed_by_one(tmp_path: Path) -> None:
    with opened(tmp_path) as first, opened(tmp_path) as second, opened(tmp_path) as third:
        assert flock.lock(first, shared=True)
        assert flock.lock(second, shared=True)
        assert not flock.lock(third)
    with opened(tmp_path) as first, opened(tmp_path) as second:
        assert flock.lock(first)
        assert not flock.lock(second, shared=True)


def test_a_lock_on_a_removed_file_keeps_nobody_from_the_next_file(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    before = flock.try_lock(file)
    file.unlink()
    now = flock.try_lock(file)
    assert before is not None
    assert now is not None
    assert os.path.samestat(os.fstat(now), file.stat())
    os.close(before)
    os.close(now)


def test_a_link_is_not_followed_and_no_folder_is_made(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        flock.try_lock(tmp_path / "link")
    with pytest.raises(FileNotFoundError):
        flock.try_lock(tmp_path / "nowhere" / "lock")
    assert [path.name for path in tmp_path.iterdir()] == ["link"]
