"""What another user planted in a folder that everybody may write to: it is refused, or has no effect."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_netns_mysql.live.board import Board
from pytest_netns_mysql.live.sessions import sessions
from pytest_netns_mysql.mysql.containers.container import ContainerProcess
from pytest_netns_mysql.report import jsonfile
from pytest_netns_mysql.run.reportwriting import ReportWriter
from tests.support.processes import wait_for

pytestmark = [pytest.mark.as_user, pytest.mark.slow, pytest.mark.root]

STRANGER = 54322
NO_FACTS: dict[str, Any] = {
    "kind": "pytest",
    "worker": "",
    "namespace": "",
    "since": 0.0,
    "command": [],
    "mount": "ns/mnt",
    "root": "root",
    "mount_id": 0,
    "topology": "red-blue",
    "namespaces": {},
    "servers": [],
}


def test_a_link_that_another_user_made_in_tmp_is_not_followed(tmp_path: Path) -> None:
    """The kernel refuses it only where fs.protected_symlinks is set."""
    precious, everybodys = tmp_path / "precious", tmp_path / "tmp"
    precious.write_text("precious")
    everybodys.mkdir()
    everybodys.chmod(0o1777)
    report = everybodys / "report.json"
    report.symlink_to(precious)
    os.chown(report, STRANGER, STRANGER, follow_symlinks=False)
    writer = ReportWriter([report], None)
    writer.write()
    assert writer.lines == [
        f"netns report: {report} could not be written: it is a link that another user made (uid {STRANGER})"
    ]
    assert precious.read_text() == "precious"
    os.chown(report, os.geteuid(), os.getegid(), follow_symlinks=False)
    ReportWriter([report], None).write()
    assert jsonfile.load(precious.read_bytes()).tests == ()
    assert [path.name for path in everybodys.iterdir()] == ["report.json"]


@pytest.fixture
def impostor() -> Iterator[int]:
    """The pid of a program that a stranger started, that runs as root, and that has a board as a session has."""
    program = shutil.which("sleep")
    assert program is not None
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        # Such as su, which waits for a password, and leaves open what its caller opened.
        setuid = Path(folder, "waits")
        shutil.copy(program, setuid)
        Path(folder).chmod(0o755)
        setuid.chmod(0o4755)
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setresgid(STRANGER, STRANGER, STRANGER)
            os.setresuid(STRANGER, STRANGER, STRANGER)
            Board(survives_exec=True).show({**NO_FACTS, "pid": os.getpid(), "known_as": os.getpid()})
            os.execv(setuid, ["waits", "300"])
        wait_for(lambda: Path("/proc", str(child), "comm").read_text() == "waits\n")
    yield child
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_what_a_container_planted_in_its_folder_is_not_followed(tmp_path: Path) -> None:
    """The folder belongs to the container's user, and the files that are put there belong to whoever runs pytest."""
    precious, link = tmp_path / "precious", tmp_path / "link"
    precious.write_text("precious")
    link.symlink_to(precious)
    image: Any = SimpleNamespace(user=(STRANGER, STRANGER))
    network: Any = {"global": contextlib.nullcontext()}
    process = ContainerProcess(image, "server", network)
    process.lend([link])
    assert (precious.stat().st_uid, link.lstat().st_uid) == (0, STRANGER)
    process.folder = tmp_path
    (tmp_path / "hosts").symlink_to(precious)
    listeners: Any = None
    process.prepare(listeners)
    assert precious.read_text() == "precious"
    assert (tmp_path / "hosts").read_bytes() == Path("/etc/hosts").read_bytes()


def test_root_lists_no_session_that_another_user_made_up(impostor: int) -> None:
    """`netns-mysql shell` would enter the stranger's namespaces, and run the stranger's programs as root."""
    assert Path("/proc", str(impostor)).stat().st_uid == 0
    own = Board()
    own.show({**NO_FACTS, "pid": os.getpid(), "known_as": os.getpid()})
    try:
        pids = {session.pid for session in sessions()}
    finally:
        own.close()
    assert os.getpid() in pids
    assert impostor not in pids
