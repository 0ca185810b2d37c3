"""Commands of several users of the machine at once, on one cache."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pytest_netns_mysql import settings
from tests.stress.together.caches import ROOT
from tests.support.otheruser import set_user, show_cache

USER, STRANGER = 54321, 54322


@dataclass(frozen=True)
class Command:
    """A command of a user.

    Attributes:
        uid: The user.
        words: Python's arguments.
        project: The folder that the command runs in, below the user's own.
        environment: Variables.
    """

    uid: int
    words: Sequence[str]
    project: str = "."
    environment: Mapping[str, str] = field(default_factory=dict)


class Ended(NamedTuple):
    """What became of a command."""

    code: int
    output: str


def users() -> tuple[int, ...]:
    """Return the users that this process can be: root and another one, or this user alone."""
    return (0, USER) if os.geteuid() == 0 else (os.geteuid(),)


@contextmanager
def homes() -> Iterator[Path]:
    """Yield a folder that everybody sees, with a folder of each user's, which has the user's number."""
    with tempfile.TemporaryDirectory(prefix="netns-users.", dir="/tmp") as name:
        Path(name).chmod(0o755)
        for uid in users():
            Path(name, str(uid)).mkdir(mode=0o700)
            os.chown(Path(name, str(uid)), uid, uid)
        yield Path(name)


def write(folder: Path, uid: int, file: str, text: str) -> None:
    """Write a file of a user's, in a folder of the user's."""
    path = folder / str(uid) / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    for each in (path.parent, path):
        os.chown(each, uid, uid)


def at_once(folder: Path, commands: Sequence[Command], prepare: Callable[[Path], None] | None = None) -> list[Ended]:
    """Run commands at once, and return how they ended.

    Args:
        folder: What ``homes`` yields.
        commands: The commands.
        prepare: Changes the copy of the cache that all users have. By default all have the cache itself.
    """
    if prepare is None:
        return _run(folder, commands)
    child = os.fork()
    if child == 0:
        try:
            show_cache(prepare)
            (folder / "ended.json").write_text(json.dumps(_run(folder, commands)))
        except BaseException:  # noqa: BLE001 - a child that must not go on as the test
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    return [Ended(*each) for each in json.loads((folder / "ended.json").read_text())]


def _run(folder: Path, commands: Sequence[Command]) -> list[Ended]:
    running = [_start(folder, command) for command in commands]
    return [Ended(code=process.wait(), output=output) for process in running for output in [process.communicate()[0]]]


def _become(uid: int) -> None:
    """Become a user, without capabilities that this process may have in a user namespace of its own."""
    if os.geteuid() == 0:
        set_user(uid)
    ctypes.CDLL(None).prctl(47, 4, 0, 0, 0)  # PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL


def _start(folder: Path, command: Command) -> subprocess.Popen[str]:
    home = folder / str(command.uid)
    return subprocess.Popen(
        [sys.executable, *command.words],
        preexec_fn=partial(_become, command.uid),
        cwd=home / command.project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NETNS_CACHE": str(settings.resolve().cache),
            "NETNS_FETCH": "never",
            "STRESS_TOKEN": f"run{os.getpid()}_{command.uid}",
            **command.environment,
        },
    )
