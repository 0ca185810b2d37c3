"""Standing servers of two projects and two users at once: each run finds that of its own user and project."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.mysql.dialects.options import initial
from pytest_netns_mysql.mysql.mysqld import template
from tests.stress.together.caches import AREA, server_here
from tests.stress.together.users import Command, Ended, at_once, homes, users, write
from tests.support.processes import is_alive, wait_for_end
from tests.support.stress import check, scaled
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

TOPOLOGY = """
[namespaces]
red = "192.0.2.2/24"

[mysqld]
options = {{ max_error_count = {number} }}
"""
COMMAND = ("-m", "pytest_netns_mysql.cli")
RUN = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--basetemp=base", "test_asks.py")
PROJECTS = ("shop", "blog")
"""The projects of each user. Those of the same name are equal."""


class Standing:
    """The users' projects, and what is done in all of them at once."""

    def __init__(self, folder: Path, mysqld: str) -> None:
        """Write the projects."""
        self.folder = folder
        self._mysqld = mysqld
        projects = PROJECTS[: scaled(2 // len(users()), 2)]
        self.places = [(uid, project) for uid in users() for project in projects]
        for uid, project in self.places:
            write(folder, uid, f"{project}/test_asks.py", source("reuse/asks"))
            topology = TOPOLOGY.format(number=101 + PROJECTS.index(project))
            write(folder, uid, f"{project}/netns-topology.toml", topology)
            write(folder, uid, "run/here", "")
            (folder / str(uid) / "run").chmod(0o700)

    def at_once(self, places: Sequence[tuple[int, str]], *words: str) -> list[Ended]:
        """Run a command in projects at once. Each user has a folder of offers of its own, as in a login session."""
        commands = []
        for uid, project in places:
            run = str(self.folder / str(uid) / "run")
            environment = {"XDG_RUNTIME_DIR": run, "CI": "", "NETNS_MYSQLD": self._mysqld}
            commands.append(Command(uid, words, project, environment))
        return at_once(self.folder, commands, _open_to_readers if os.geteuid() == 0 else None)

    def seen(self, uid: int, project: str) -> list[int]:
        """Return the pids of the servers that the runs of a project used."""
        file = self.folder / str(uid) / project / "seen"
        return [pid for pid, _ in json.loads(file.read_text())] if file.exists() else []


def _open_to_readers(copy: Path) -> None:
    """Let everybody read the cache of root's, see ``test_shared_caches``."""
    for path in (copy, *(each for each in copy.iterdir() if each.is_dir())):
        path.chmod(0o755)
    name = template.key(server_here(), initial({}))
    for path in (copy / "templates" / name, *(copy / "templates" / name).rglob("*")):
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o044))


@contextmanager
def standing() -> Iterator[tuple[Standing, dict[tuple[int, str], int]]]:
    """Yield projects whose standing servers are up, and the servers' pids by project; end them afterwards."""
    server = server_here()
    template.template(server, initial({}), cache=settings.resolve().cache, progress=print)
    with homes() as folder:
        projects = Standing(folder, str(server.mysqld))
        try:
            ended = projects.at_once(projects.places, *COMMAND, "up")
            pids = [re.search(r"^pid (\d+): mysql-", output, re.MULTILINE) for _, output in ended]
            assert all(pids), ended
            yield projects, dict(zip(projects.places, [int(pid[1]) for pid in pids if pid], strict=True))
        finally:
            projects.at_once([(uid, PROJECTS[0]) for uid in users()], *COMMAND, "down")


def below(pid: int) -> list[int]:
    """Return the processes that a process and its children started."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*children, *(each for child in children for each in below(child))]


def test_runs_find_the_standing_server_of_their_user_and_project() -> None:
    """And a command that ends servers ends those of its user alone."""
    faults: list[str] = []
    with standing() as (projects, pids):
        runs = scaled(1, 5)
        for _ in range(runs):
            for place, (code, output) in zip(projects.places, projects.at_once(projects.places, *RUN), strict=True):
                faults += [f"{place}: exit code {code}\n{output[-2000:]}"] * (code != 0)
        for place, pid in pids.items():
            seen, started = projects.seen(*place), below(pid)
            if len(seen) != runs or not {*seen} <= {*started}:
                faults.append(f"{place} used {seen}, and its standing server started {started}")
        own = {uid: {pid for (owner, _), pid in pids.items() if owner == uid} for uid in users()}
        listed = projects.at_once([(uid, PROJECTS[0]) for uid in users()], *COMMAND, "ls", "--json")
        for uid, (_, output) in zip(users(), listed, strict=True):
            if {row["pid"] for row in json.loads(output)} != own[uid]:
                faults.append(f"uid {uid} has {own[uid]}, and sees {output}")
        first, last = users()[0], users()[-1]
        if first != last:
            ((code, output),) = projects.at_once([(first, PROJECTS[0])], *COMMAND, "down", str(min(own[last])))
            if code != 1 or f"no standing server has the pid {min(own[last])}" not in output:
                faults.append(f"uid {first} ended a server of uid {last}: {output}")
        projects.at_once([(last, PROJECTS[0])], *COMMAND, "down")
        wait_for_end(*own[last])
        faults += [f"{pid} of uid {first} ended, too" for pid in own[first] if first != last and not is_alive(pid)]
    claim = "runs of two projects and users find their own standing servers"
    check(AREA, claim, runs * len(pids), faults)
    wait_for_end(*pids.values())
