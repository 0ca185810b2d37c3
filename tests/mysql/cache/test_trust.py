"""Whose cache is used: one that nobody but this user and root can write to."""

from __future__ import annotations

import ctypes
import grp
import os
import pwd
import stat
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_netns_mysql import CacheError, settings, settingvalues
from pytest_netns_mysql.kernel.namespaces.usernamespace import enter_user_namespace
from pytest_netns_mysql.mysql.cache import trust
from pytest_netns_mysql.mysql.cache.draftfile import replace_file
from pytest_netns_mysql.mysql.choice import Finder

STRANGER = 12345
PR_SET_DUMPABLE = 4


@pytest.fixture
def base() -> Iterator[Path]:
    """Give a folder of this user's, in one that is everybody's."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def as_user(uid: int, do: Callable[[], object]) -> bool:
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as after exec
            do()
        except BaseException:  # noqa: BLE001 - a child that must not go on as the test
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def refused(path: Path, fault: str) -> Callable[[], None]:
    def look() -> None:
        with pytest.raises(CacheError) as error:
            trust.check(path)
        assert fault in str(error.value)
        assert "do: set netns_cache (or NETNS_CACHE=...) to a folder that only you can write to" in str(error.value)

    return look


def test_what_is_made_is_ones_own_whatever_the_umask(base: Path) -> None:
    before = os.umask(0)
    try:
        trust.make(base / "a" / "b")
    finally:
        os.umask(before)
    assert [(base / name).stat().st_mode & 0o777 for name in ("a", "a/b")] == [0o700, 0o700]
    trust.check(base / "a" / "b" / "not there")


def test_a_file_that_is_written_is_ones_own_whatever_the_umask(base: Path) -> None:
    (base / "link").symlink_to(base / "elsewhere")
    before = os.umask(0)
    try:
        replace_file(base / "file", "text")
        replace_file(base / "link", "text")
    finally:
        os.umask(before)
    for name in ("file", "link"):
        status = (base / name).lstat()
        assert (stat.S_ISREG(status.st_mode), status.st_mode & 0o777) == (True, 0o644)
        assert (base / name).read_text() == "text"
    assert sorted(path.name for path in base.iterdir()) == ["file", "link"]


def test_a_folder_that_everybody_writes_to_is_refused_with_all_below_it(base: Path) -> None:
    (base / "cache" / "servers").mkdir(parents=True)
    (base / "cache").chmod(0o777)
    for path in (base / "cache", base / "cache" / "servers"):
        with pytest.raises(CacheError) as error:
            trust.check(path)
        assert str(error.value).splitlines() == [
            f"{path} is not used: {base / 'cache'} is writable by all users, who could put other programs there",
            f"  where: {path}",
            f"  tried: {base / 'cache'}: owner {os.geteuid()}:{(base / 'cache').stat().st_gid}, mode 0777",
            "  do: set netns_cache (or NETNS_CACHE=...) to a folder that only you can write to",
            f"  do: or, if you trust its content: chmod go-w {base / 'cache'}",
        ]


def test_what_nobody_else_can_search_is_safe_whatever_its_mode(base: Path) -> None:
    (base / "cache").mkdir(mode=0o777)
    (base / "cache").chmod(0o777)
    base.chmod(0o700)
    trust.check(base / "cache")


def test_a_sticky_folder_is_safe_for_what_is_in_it_and_not_itself(base: Path) -> None:
    base.chmod(0o1777)
    (base / "cache").mkdir(mode=0o755)
    trust.check(base / "cache")
    refused(base, "is writable by all users")()


def test_a_link_is_followed_and_the_folder_that_holds_it_looked_at(base: Path) -> None:
    (base / "open").mkdir()
    (base / "open").chmod(0o777)
    (base / "own").mkdir(mode=0o755)
    (base / "own" / "link").symlink_to(base / "open")
    refused(base / "own" / "link", f"{base / 'open'} is writable by all users")()
    (base / "open" / "back").symlink_to(base / "own")
    refused(base / "open" / "back", f"{base / 'open'} is writable by all users")()


def test_a_group_of_ones_own_may_write_and_another_not(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian and Fedora give each user a group, and a umask of 002."""
    (base / "cache").mkdir()
    (base / "cache").chmod(0o775)
    name = pwd.getpwuid(os.geteuid()).pw_name
    known: dict[str, list[str]] = {}

    def look_up(gid: int) -> grp.struct_group:
        ((group, members),) = known.items()
        return grp.struct_group((group, "x", gid, members))

    monkeypatch.setattr(grp, "getgrgid", look_up)
    known[name] = []
    trust.check(base / "cache")
    known[name] = [name]
    trust.check(base / "cache")
    known[name] = ["mallory"]
    refused(base / "cache", "is writable by the group ")()
    if os.getegid() != 0:
        known.clear()
        known["users"] = []
        refused(base / "cache", "is writable by the group ")()


@pytest.mark.root
def test_what_a_stranger_owns_is_refused_for_root_and_for_others(base: Path) -> None:
    (base / "cache" / "servers").mkdir(parents=True)
    os.chown(base / "cache", STRANGER, STRANGER)
    (base / "own").mkdir()
    os.chown(base / "own", 54321, 54321)
    (base / "own" / "link").symlink_to(base / "cache")
    refused(base / "cache" / "servers", f"{base / 'cache'} belongs to uid {STRANGER}")()
    with pytest.raises(CacheError, match=f"belongs to uid {STRANGER}"):
        Finder(base / "cache", print).look("auto")
    assert as_user(54321, refused(base / "cache", f"belongs to uid {STRANGER}"))
    assert as_user(54321, refused(base / "own" / "link", f"belongs to uid {STRANGER}"))
    assert as_user(STRANGER, lambda: trust.check(base / "cache"))  # what root owns is trusted


@pytest.mark.root
def test_in_a_user_namespace_what_strangers_write_to_is_refused_still(base: Path) -> None:
    (base / "cache").mkdir()
    (base / "cache").chmod(0o777)
    os.chown(base / "cache", STRANGER, STRANGER)
    own = base / "own"
    own.mkdir()
    for uid in (54321, 65534):
        os.chown(own, uid, uid)

        def look() -> None:
            enter_user_namespace()
            trust.check(own)
            refused(base / "cache", "")()

        assert as_user(uid, look)


@pytest.mark.root
def test_root_does_not_use_the_home_of_whoever_calls_sudo(base: Path) -> None:
    os.chown(base, STRANGER, STRANGER)
    environment = {**os.environ, "HOME": str(base)}
    environment.pop("XDG_CACHE_HOME", None)
    script = "from pytest_netns_mysql import settings; print(settings.resolve().cache)"
    found = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == f"{pwd.getpwuid(0).pw_dir}/.cache/pytest-netns-mysql"
    assert list(base.iterdir()) == []


def test_ones_own_home_is_used(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(base))
    assert settingvalues.foreign_base() is None
    assert settings.resolve().cache == base / ".cache" / "pytest-netns-mysql"
