"""`netns-mysql run`, `up` and runs on a standing server that are killed: a moment later nothing of them is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from tests.stress.census import LIMIT
from tests.stress.endings.session import Ending, Session
from tests.support.processes import PATIENCE, is_alive, wait_for
from tests.support.stress import check, scaled

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AREA = "Leaves nothing"
Make = Callable[[Ending, str], Session]
NETNS_MYSQL = (sys.executable, "-m", "pytest_netns_mysql.cli")
WAIT = 'echo $$ >"$CENSUS_MARK"; setsid sleep 600 & ip netns exec red sleep 600 & sleep 600; exit 0'
KILL, TERM, INT, HUP = (int(getattr(signal, f"SIG{name}")) for name in ("KILL", "TERM", "INT", "HUP"))

RUN = [
    Ending("SIGKILL", "run", "", (("main", KILL, 0.0),)),
    Ending("SIGKILL of all", "run", "", (("group", KILL, 0.0),)),
    Ending("Ctrl-C", "run", "", (("group", INT, 0.0),)),
    Ending("SIGTERM", "run", "", (("main", TERM, 0.0),)),
    Ending("SIGHUP of all", "run", "", (("group", HUP, 0.0),)),
    Ending("a closed terminal", "run", "", (("terminal", 0, 0.0),)),
    Ending("SIGKILL of mysqld", "run", "", (("mysqld", KILL, 0.0), ("main", TERM, 0.2))),
]


def test_a_sandbox_of_the_command_line_leaves_nothing(tmp_path: Path) -> None:
    """The command becomes another program, in whose place the programs that it started must not stay."""
    endings = RUN[: scaled(1, len(RUN))]
    faults = []
    for number, ending in enumerate(endings):
        command = (*NETNS_MYSQL, "run", "--netns", "red", "--mysqld", "--", "sh", "-c", WAIT)
        folder = tmp_path / str(number)
        faults += [(ending.name, left) for left in [command_session(folder, ending, command).run()] if left]
    check(AREA, "`netns-mysql run` that ends in every way leaves nothing", len(endings), faults)


def command_session(folder: Path, ending: Ending, command: tuple[str, ...]) -> Session:
    return Session(folder, settings.resolve().cache, ending, command=command)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """A maker of one session on a standing server, of which nothing stays for other tests."""
    sessions: list[Session] = []

    def make(ending: Ending, suite: str) -> Session:
        cache = settings.resolve().cache
        session = Session(tmp_path / "s", cache, ending, suite, ("--netns-reuse=always",), {"CI": "false"})
        sessions.append(session)
        return session

    yield make
    for session in sessions:
        session.census.kill()


def down(session: Session) -> None:
    """End the standing server of a session."""
    environment = {**os.environ, **session.census.environment}
    command = [*NETNS_MYSQL, "down"]
    subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=5 * PATIENCE)


@pytest.mark.parametrize("victim", ["nobody", "supervisor", "child", "mysqld"][: scaled(1, 4)])
def test_a_standing_server_leaves_nothing(make: Make, victim: str) -> None:
    """A run is killed whose programs would keep the sandbox of a server that is replaced, killed or ended."""
    session = make(Ending("SIGKILL", "call", "wait", (("main", KILL, 0.0),)), "programs")
    assert not session.end()
    session.census.observe()
    offers = session.folder / "runtime" / "pytest-netns-mysql"
    assert list(offers.glob("*.sock")), session.output.read_text(errors="replace")
    victims = pids_of(session, victim)[:1]
    assert victims or victim == "nobody"
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    down(session)
    left, _ = session.census.left_in_the_end()
    check(AREA, "standing servers that end in every way leave nothing", 1, left)


def pids_of(session: Session, victim: str) -> list[int]:
    """Return the processes of a standing server that are the victim: its supervisor, the child of this, or mysqld."""
    alive = [pid for pid in session.census.pids if is_alive(pid)]
    if victim == "mysqld":
        return [pid for pid in alive if Path(f"/proc/{pid}/comm").read_text().strip() == "mysqld"]
    daemons = sorted(pid for pid in alive if "reuse.daemon" in Path(f"/proc/{pid}/cmdline").read_text())
    return {"supervisor": daemons[:1], "child": daemons[1:]}.get(victim, [])


@pytest.mark.parametrize("stage", ["call", "exit"])
def test_a_run_goes_on_when_its_standing_server_is_killed(make: Make, stage: str) -> None:
    """What is left in the sandbox of the server is ended, but not the run that the server had let in."""
    ending = Ending("SIGKILL of the server", stage, "wait", (("server", KILL, 0.0), ("main", KILL, 2.0)))
    session = make(ending, "small")
    went_on: list[bool] = []

    def send(target: str, number: int, pid: int) -> None:
        went_on.append(is_alive(pid))
        for victim in {"server": pids_of(session, "child"), "main": [pid]}[target][:1]:
            os.kill(victim, number)

    session.send = send  # type: ignore[method-assign]
    assert not session.end()
    assert went_on == [True, True]
    down(session)
    wait_for(lambda: not [left for left in session.census.left() if not left.startswith("file")], "nothing left", LIMIT)
