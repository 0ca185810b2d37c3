"""Another user of the machine, a real one by number: what the user sees and reaches of a run, of root or of anybody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from tests.stress.untouched.attacks import attempt, on_files, on_processes, on_sockets
from tests.support.otheruser import become
from tests.support.processes import wait_for_file
from tests.support.stress import check, scaled
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow, pytest.mark.root]

ROOT = Path(__file__).parents[3]
AREA = "The host is untouched"
VICTIM, STRANGER = 54321, 54322
SECRET = "a-password-that-nobody-sees"
PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/run")


@pytest.fixture(params=[VICTIM, 0], ids=["an ordinary user", "root"])
def victim(request: pytest.FixtureRequest) -> int:
    """The uid of the user whose run is attacked."""
    uid: int = request.param
    return uid


@pytest.fixture
def folder(victim: int) -> Iterator[Path]:
    """A folder of the victim's, in one that everybody can search."""
    with tempfile.TemporaryDirectory(prefix="netns-victim.", dir="/tmp") as name:
        os.chown(name, victim, victim)
        yield Path(name)


@contextmanager
def attacked(folder: Path, uid: int, *, umask: int) -> Iterator[Mapping[str, object]]:
    """Run a suite as a user, and yield where all of it is while the suite waits."""
    (folder / "test_waiting.py").write_text(source("reachable/waiting"))
    environment = {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "NETNS_CACHE": str(settings.resolve().cache),
        "MARKS": str(folder),
        "SECRET": SECRET,
        "CI": "true",
    }
    arguments = ["-p", "no:cacheprovider", "-q", "--netns-report=report.json", "--netns-capture=all"]
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments, "test_waiting.py"],
            preexec_fn=lambda: become(uid, umask),
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for_file(folder / "facts.json", process)
            yield json.loads((folder / "facts.json").read_text())
        finally:
            (folder / "looked").touch()
            assert process.wait(300) == 0, (folder / "output").read_text()[-3000:]


def shown_to_all(uid: int, since: float) -> list[str]:
    """Return what everybody sees of the secret, and the files of a user that everybody can change."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                line = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if SECRET.encode() in line:
                found.append(f"the command line of {process.name}: {line!r}")
    for place in PLACES:
        for path in Path(place).iterdir():
            status = path.lstat()
            # Tests beside this one let all users search a folder of theirs.
            is_other = path.name.startswith(("netns-users.", "netns-victim."))
            is_new = status.st_uid == uid and status.st_ctime >= since and "netns" in path.name and not is_other
            if is_new and status.st_mode & 0o077 and not path.is_symlink():
                found.append(f"{path} has the mode {status.st_mode:o}")
    return found


def test_another_user_reaches_nothing_of_a_run(folder: Path, victim: int) -> None:
    faults, count = [], 0
    for umask in (0, 0o077)[: scaled(1, 2)]:
        began = folder.stat().st_ctime
        with attacked(folder, victim, umask=umask) as facts:
            pids, endpoints, path = facts["pids"], facts["endpoints"], str(facts["socket"])
            assert isinstance(pids, dict)
            assert isinstance(endpoints, list)
            paths = [path, f"/proc/{pids['mysqld']}/root{path}", f"/proc/{pids['pytest']}/root{path}"]
            attacks = [
                *on_processes(pids),
                *on_sockets([(address, port) for address, port in endpoints], paths),
                *on_files([str(folder)]),
            ]
            for own in (False, True):
                names = attempt(attacks, STRANGER, in_own_namespaces=own)
                faults += [f"umask {umask:03o}, in namespaces of its own: {own}: {name}" for name in names]
            # Each way is one that would lead there: the victim itself can go it.
            allowed = attempt([*on_processes(pids), *on_files([str(folder)])], victim)
            assert len(allowed) >= len(pids) * 10, f"what attacks nobody can make shows nothing: {allowed}"
            faults += [f"umask {umask:03o}: {fault}" for fault in shown_to_all(victim, began)]
            count += 2 * len(attacks)
        text = (folder / "report.json").read_text() + (folder / "output").read_text()
        faults += [f"umask {umask:03o}: the report or the output shows the password"] * (SECRET in text)
        for name in ("facts.json", "looked"):
            (folder / name).unlink()
    who = "root's run" if victim == 0 else "a user's run"
    check(AREA, f"attacks by another user on the processes, sockets and files of {who} are refused", count, faults)
