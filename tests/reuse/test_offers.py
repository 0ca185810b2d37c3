"""Access to standing servers: for their own user only. Their addresses, and the files of killed ones."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_netns_mysql import SandboxError
from pytest_netns_mysql.kernel.namespaces.usernamespace import enter_user_namespace
from pytest_netns_mysql.reuse import address, bringup, messages, offerfiles, offers, protocol
from pytest_netns_mysql.reuse.supervisor import Supervisor

OWNER, STRANGER = 65534, 12345
ADDRESS = "0123456789abcdef"
PR_SET_DUMPABLE = 4
DEADLINE = 20.0  # seconds


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder that every user can search, for runtime folders of users."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def as_user(uid: int, do: Callable[[], object]) -> int:
    """Start a child of another user, by its number alone; it ends with status 0 if ``do`` raises nothing."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as after exec: its /proc/self is its own
            do()
        except BaseException:  # noqa: BLE001 - a child that must not go on as the test
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
        os._exit(0)
    return child


def ends_well(child: int) -> bool:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def supervisor_of(folder: int) -> Supervisor:
    """Return a supervisor that listens, and whose children exit at once."""
    return Supervisor(ADDRESS, folder, leader=None, serve=lambda _channel: 0)


def offer_something() -> None:
    """Run a supervisor whose child, in a user namespace, answers every client that the supervisor lets in."""
    folder = offers.open_folder(make=True)
    assert folder is not None
    supervisor = supervisor_of(folder)
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = os.fork()
    if child == 0:
        ours.close()
        enter_user_namespace()
        its.send(b'{"state": "ready"}')
        while True:
            said, descriptors, _, _ = socket.recv_fds(its, 1, 1)
            if not said:
                os._exit(0)
            for one in descriptors:
                with socket.socket(fileno=one) as connection:
                    connection.settimeout(DEADLINE)
                    connection.recv(16)
                    messages.answer(connection, messages.Status(7, "shop", "mysql-9.9.9", 0.0, None))
    its.close()
    supervisor.watch(child, ours)


@pytest.fixture
def offered(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Offer a server as the user OWNER, whose uid all other users have in a user namespace."""
    own = runtime / "own"
    own.mkdir()
    own.chmod(0o700)
    os.chown(own, OWNER, OWNER)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(own))
    child = as_user(OWNER, offer_something)
    deadline = time.monotonic() + DEADLINE
    while not (own / "pytest-netns-mysql" / f"{ADDRESS}.sock").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield own
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def finds_it() -> None:
    assert protocol.ask(ADDRESS, "status") == messages.Status(7, "shop", "mysql-9.9.9", 0.0, None)


def finds_it_from_a_user_namespace() -> None:
    enter_user_namespace()
    finds_it()


def is_told_nothing(path: Path) -> Callable[[], None]:
    def connect() -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(DEADLINE)
            connection.connect(str(path))
            assert connection.recv(1) == b""

    return connect


def cannot_even_connect(path: Path) -> Callable[[], None]:
    def connect() -> None:
        with socket.socket(socket.AF_UNIX) as connection, pytest.raises(PermissionError):
            connection.connect(str(path))

    return connect


@pytest.mark.root
def test_the_owner_is_let_in_and_nobody_else(offered: Path) -> None:
    assert ends_well(as_user(OWNER, finds_it))
    assert ends_well(as_user(OWNER, finds_it_from_a_user_namespace))
    folder = offered / "pytest-netns-mysql"
    assert ends_well(as_user(STRANGER, cannot_even_connect(folder / f"{ADDRESS}.sock")))
    for path, mode in ((offered, 0o777), (folder, 0o777), (folder / f"{ADDRESS}.sock", 0o666)):
        path.chmod(mode)
    assert ends_well(as_user(STRANGER, is_told_nothing(folder / f"{ADDRESS}.sock")))


def refuses(fault: str) -> Callable[[], None]:
    def look() -> None:
        with pytest.raises(SandboxError) as error:
            offers.addresses(strict=True)
        assert f"standing servers cannot be offered in {offers.folder()}: {fault}" in str(error.value)
        assert offers.addresses() == []
        with pytest.raises(SandboxError):
            protocol.ask(ADDRESS, "status")

    return look


@pytest.mark.root
@pytest.mark.parametrize("mode", [0o700, 0o755, 0o777])
def test_a_folder_that_a_stranger_made_is_refused(runtime: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    squatted = runtime / "pytest-netns-mysql"
    squatted.mkdir()
    squatted.chmod(mode)
    os.chown(squatted, STRANGER, STRANGER)
    os.chown(runtime, OWNER, OWNER)
    runtime.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    fault = "Permission denied" if mode == 0o700 else f"it belongs to uid {STRANGER}"
    assert ends_well(as_user(OWNER, refuses(fault)))

    def from_a_user_namespace() -> None:
        enter_user_namespace()
        refuses("Permission denied" if mode == 0o700 else f"its mode is {mode:04o}")()

    assert ends_well(as_user(OWNER, from_a_user_namespace))


def test_a_folder_that_other_users_can_search_is_refused(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    (runtime / "pytest-netns-mysql").mkdir()
    (runtime / "pytest-netns-mysql").chmod(0o775)
    refuses("its mode is 0775, so other users can reach into it")()


def test_a_runtime_folder_of_others_is_not_used(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as that of the user who calls sudo."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))  # others can search it
    assert offers.folder() == Path(f"/tmp/pytest-netns-mysql-{os.geteuid()}")


@pytest.fixture
def folder(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    runtime.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    descriptor = offers.open_folder(make=True)
    assert descriptor is not None
    yield descriptor
    os.close(descriptor)


def test_what_a_killed_supervisor_leaves_is_removed_by_the_next_use(folder: int) -> None:
    child = os.fork()
    if child == 0:
        offerfiles.lock(folder, ADDRESS)
        supervisor = supervisor_of(folder)
        assert supervisor
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert offers.addresses() == [ADDRESS]
    assert protocol.ask(ADDRESS, "status") is None
    assert os.listdir(folder) == []


def test_a_stopped_supervisor_is_reported_without_delay(folder: int) -> None:
    listens, tell = os.pipe()
    child = os.fork()
    if child == 0:
        offerfiles.lock(folder, ADDRESS)
        supervisor = supervisor_of(folder)
        os.write(tell, b"!")
        while supervisor:
            signal.pause()
    os.close(tell)
    try:
        assert os.read(listens, 1) == b"!"
        os.close(listens)
        os.kill(child, signal.SIGSTOP)
        told: list[str] = []
        assert protocol.take(ADDRESS, progress=told.append) is None
        (line,) = told
        assert line.startswith(f"the standing server (pid {child}) does not answer: no answer within ")
        silent = protocol.ask(ADDRESS, "status")
        assert isinstance(silent, messages.Silent)
        with pytest.raises(SandboxError, match=rf"is up already \(pid {child}\), but does not answer: no answer"):
            bringup.raise_if_up(ADDRESS)
        protocol.end(silent)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert protocol.ask(ADDRESS, "status") is None


def test_a_socket_that_sends_something_else_is_ignored(folder: int) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(offerfiles.path_of(folder, ADDRESS))
        listener.listen()
        child = os.fork()
        if child == 0:
            with listener.accept()[0] as connection:
                connection.sendall(b"\0\0\0\x05hello")
            os._exit(0)
        assert protocol.take(ADDRESS) is None
        os.waitpid(child, 0)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the package whose files the tests may edit."""
    copy = tmp_path / "pytest_netns_mysql"
    shutil.copytree(Path(address.__file__).parent.parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(address, "_PACKAGE", copy)
    return copy


def test_an_edit_in_any_room_is_another_version_of_the_code(package: Path) -> None:
    rooms = {file.parent for file in package.rglob("*") if file.is_file()}
    assert package / "mysql" / "reset" in rooms
    for room in rooms:
        before = address.code_version()
        file = next(file for file in room.iterdir() if file.is_file())
        file.write_text(f"{file.read_text()}# edited")
        assert address.code_version() != before, file


def test_an_edit_that_keeps_size_and_time_is_another_version_of_the_code(package: Path) -> None:
    """As rsync and cp -p copy files."""
    file = package / "mysql" / "server.py"
    before, status = address.code_version(), file.stat()
    file.write_text(file.read_text().replace("MySQL", "SqlMy"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert address.code_version() != before


def test_a_preset_is_part_of_the_code(package: Path) -> None:
    before = address.code_version()
    (package / "topology" / "presets" / "new.toml").write_text('[namespaces]\nred = "192.0.2.2/24"\n')
    assert address.code_version() != before


def test_compiled_files_are_not_part_of_the_code(package: Path) -> None:
    before = address.code_version()
    (package / "mysql" / "__pycache__").mkdir()
    (package / "mysql" / "__pycache__" / "server.pyc").write_bytes(b"")
    assert address.code_version() == before
