"""Machines that lack something: tests run, or say what is missing and what helps, and other tests run as before."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.mysql.kinds import local
from tests.stress.machines_without.programs import BY_APPARMOR, DOCTOR, IN_DOCKER, ORDINARY, run_command, run_suite
from tests.support.stress import IS_LONG, check, scaled
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AREA = "Where it cannot work"
CACHE = f"variable:NETNS_CACHE={settings.resolve().cache}"
DENIED = "[[]Errno 1[]] {}: Operation not permitted"
NO_SPACE = "[[]Errno 28[]] unshare: No space left on device"


class Refused(NamedTuple):
    """A machine on which no sandbox can be created.

    Attributes:
        conditions: The words of ``machine.py``.
        step: What the kernel refuses, or the whole error.
        answer: The kernel's answer.
        cures: The remedies of the error.
        is_short: Whether the short form tries the machine.
    """

    conditions: Sequence[str]
    step: str
    answer: str
    cures: Sequence[str]
    is_short: bool = False


USER_STEP, MOUNT_STEP, NETWORK_STEP = (f"to create a {kind} namespace" for kind in ("user", "mount", "network"))
MOVE_STEP = "to move into a sandbox of its own"
OWN_MOUNT = "to mount in a mount namespace of its own"
BY_PROFILE = [
    "  do: a profile forbids this although the capabilities are there; in Docker: --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined"
]
RAISE = "  do: raise the limit: sysctl -w user.max_{}_namespaces=15000"
NO_THREADS = [
    "  do: raise the limit of processes and threads: ulimit -u, or pids.max of the cgroup (Docker: --pids-limit)",
    "  do: update the container engine: *, Docker before 20.10.10 forbids threads; or start the container with "
    "--security-opt seccomp=unconfined",
]
IN_CHROOT = [
    "  do: in a chroot the kernel creates no user namespace, see unshare(2): make the folder the root by "
    "pivot_root(2), as containers and bubblewrap do, or run as root",
    "  do: where a security module forbids user namespaces, allow them to the interpreter, or run as root",
]
NO_SYSTEM_CALL = "[[]Errno 38[]] {}: Function not implemented"
REFUSED = {
    "Docker's profile, root": Refused(["refuse:docker"], MOUNT_STEP, DENIED.format("unshare"), BY_PROFILE, True),
    "Docker's profile, an ordinary user": Refused(
        [ORDINARY, "refuse:docker"], USER_STEP, DENIED.format("unshare"), IN_DOCKER, True
    ),
    "Docker's profile, root without capabilities": Refused(
        ["drop:sys_admin+net_admin", "refuse:docker"], USER_STEP, DENIED.format("unshare"), IN_DOCKER
    ),
    "unshare is unknown": Refused(
        [ORDINARY, "refuse:unshare=ENOSYS"], USER_STEP, NO_SYSTEM_CALL.format("unshare"), IN_DOCKER
    ),
    "setns, root": Refused(["refuse:setns=EPERM"], MOVE_STEP, DENIED.format("setns"), BY_PROFILE),
    "setns, an ordinary user": Refused([ORDINARY, "refuse:setns=EPERM"], MOVE_STEP, DENIED.format("setns"), IN_DOCKER),
    "mount, root": Refused(["refuse:mount=EPERM"], OWN_MOUNT, DENIED.format("mount /"), BY_PROFILE),
    "mount, an ordinary user": Refused(
        [ORDINARY, "refuse:mount=EPERM"], OWN_MOUNT, DENIED.format("mount /"), [*BY_APPARMOR, *IN_DOCKER]
    ),
    "mount is unknown": Refused(["refuse:mount=ENOSYS"], OWN_MOUNT, NO_SYSTEM_CALL.format("mount /"), BY_PROFILE),
    "no threads, root": Refused(
        ["refuse:clone3=EPERM"], "cannot start a thread", "can't start new thread", NO_THREADS, True
    ),
    "no threads, an ordinary user": Refused(
        [ORDINARY, "refuse:clone3=EPERM"], "cannot start a thread", "can't start new thread", NO_THREADS
    ),
    "a chroot, without CAP_SYS_ADMIN": Refused(
        ["without-folder:/srv", "drop:sys_admin"], USER_STEP, DENIED.format("unshare"), IN_CHROOT
    ),
    "no user namespaces": Refused(
        ["limit:max_user_namespaces", "drop:sys_admin"], USER_STEP, NO_SPACE, [RAISE.format("user")]
    ),
    "no mount namespaces": Refused(["limit:max_mnt_namespaces"], MOUNT_STEP, NO_SPACE, [RAISE.format("mnt")]),
    "no network namespaces": Refused(["limit:max_net_namespaces"], NETWORK_STEP, NO_SPACE, [RAISE.format("net")]),
    "no /run": Refused(
        ["without-folder:/run"],
        OWN_MOUNT,
        "[[]Errno 2[]] /run: No such file or directory",
        ["  do: create the folder, as root: mkdir /run"],
    ),
}

LONG_PATH = str(Path(tempfile.gettempdir(), f"{os.getpid()}-{'x' * 120}"))
WORKING = {
    "no clone3 and no pidfd_open": ["refuse:clone3=ENOSYS+pidfd_open=EPERM"],
    "an old profile": [
        "refuse:clone3=ENOSYS+pidfd_open=ENOSYS+pidfd_send_signal=ENOSYS+open_tree=ENOSYS+memfd_create=EPERM"
    ],
    "no chroot": ["refuse:chroot=EPERM"],
    "no inotify": ["refuse:inotify_init1=ENOSYS"],
    "no nf_tables": ["refuse:netfilter"],
    "no process-id namespaces": ["limit:max_pid_namespaces"],
    "no CAP_NET_ADMIN": ["drop:net_admin"],
    "no CAP_SYS_ADMIN": ["drop:sys_admin"],
    "no CAP_SYS_CHROOT": ["drop:sys_chroot"],
    "a chroot, root": ["without-folder:/srv"],
    "/proc/sys read-only": ["read-only:/proc/sys"],
    "no /run/netns": ["empty:/run"],
    "/run read-only": ["read-only:/run"],
    "no /dev/shm": ["empty:/dev/shm"],
    "/dev/shm read-only": ["read-only:/dev/shm"],
    "no user has a passwd entry": ["without-file:/etc/passwd", CACHE, "variable:HOME"],
    "no /etc/hosts": ["without-file:/etc/hosts"],
    "no /etc/resolv.conf": ["without-file:/etc/resolv.conf"],
    "no HOME": [CACHE, "variable:HOME"],
    "an empty HOME": [CACHE, "variable:HOME="],
    "a HOME that is missing": [CACHE, "variable:HOME=/nowhere"],
    "a relative HOME": [CACHE, "variable:HOME=relative"],
    "a TMPDIR longer than the path of a socket": [f"variable:TMPDIR={LONG_PATH}"],
    "a TMPDIR that is missing": ["variable:TMPDIR=/nowhere"],
    "a TMPDIR whose programs cannot be run": ["no-exec:/tmp"],
    "no PATH": ["variable:PATH"],
    "a PATH without ip and apt": ["variable:PATH=/nowhere"],
    "an unknown locale": ["variable:LC_ALL=xx_YY"],
    "the locale C": ["variable:LC_ALL=C", "variable:PYTHONUTF8=0"],
    "no environment": [CACHE, "clear"],
    "no standard input": ["closed:0"],  # without a standard error pytest itself ends, by its plugin faulthandler
}
ALL_AT_ONCE = "all of them"
WORKING[ALL_AT_ONCE] = [
    *("limit:max_pid_namespaces", "empty:/run", "empty:/dev/shm", "read-only:/proc/sys", "without-file:/etc/passwd"),
    *(
        CACHE,
        "variable:HOME=relative",
        f"variable:TMPDIR={LONG_PATH}",
        "variable:PATH=/nowhere",
        "variable:LC_ALL=xx_YY",
    ),
    *(
        "refuse:clone3=ENOSYS+pidfd_open=ENOSYS+open_tree=ENOSYS+memfd_create=EPERM+inotify_init1=ENOSYS+chroot=EPERM",
        "closed:0",
    ),
]


@pytest.fixture(autouse=True)
def _as_written(pytester: pytest.Pytester) -> Iterator[None]:
    local.find("auto", cache=settings.resolve().cache, progress=print)  # some of the machines cannot fetch it
    Path(LONG_PATH).mkdir()
    pytester.makeconftest(source("refused_sandbox/as_written_conftest"))
    yield
    shutil.rmtree(LONG_PATH)


def lines_missing(output: str, expected: Sequence[str]) -> str:
    """Return what a run did not print, or ''."""
    try:
        pytest.LineMatcher(output.splitlines()).fnmatch_lines(expected)
    except pytest.fail.Exception as error:
        return f"{error}"[:2000]
    return ""


def needs_own(machine: Refused) -> bool:
    """Return True unless root of this machine can try it: a process of root comes home from its sandbox."""
    return os.geteuid() != 0 or any(not word.startswith(("refuse:", "drop:")) for word in machine.conditions)


def error_of(machine: Refused) -> list[str]:
    first = machine.step if machine.step.startswith("cannot") else f"the kernel refuses {machine.step}"
    return [f"*no sandbox can be created here*: *{first}*", f"  tried: {machine.answer}", *machine.cures]


def test_netns_tests_say_what_is_refused_and_other_tests_run_as_before(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_inner=source("refused_sandbox/as_before"))
    machines = {name: machine for name, machine in REFUSED.items() if IS_LONG or machine.is_short}
    ways = [((), "1 error"), (("--netns-unavailable=skip",), "1 skipped")]
    ways += [(("-n", "2"), "1 error"), (("-n", "2", "--netns-unavailable=skip"), "1 skipped")] if IS_LONG else []
    faults, count = [], 0
    for number, (name, machine) in enumerate(machines.items()):
        for arguments, outcome in ways if IS_LONG else [ways[number % 2]]:
            if "-n" in arguments and "no threads" in name:
                continue  # xdist needs threads
            result = run_suite(machine.conditions, *arguments, in_own=needs_own(machine))
            count += 1
            if f"2 passed, {outcome}" not in result.stdout or "Traceback" in result.stderr:
                faults.append(f"{name} {arguments}: {result.stdout[-3000:]}{result.stderr[-3000:]}")
            elif missing := lines_missing(result.stdout, [*error_of(machine), *_doctor_line(machine)]):
                faults.append(f"{name} {arguments}: {missing}")
    check(
        AREA,
        "machines that allow no sandbox: the error names the cause and the cure, and other tests run",
        count,
        faults,
    )


def _doctor_line(machine: Refused) -> list[str]:
    return [] if machine.step.startswith("cannot") else [DOCTOR]


def test_doctor_names_the_cure() -> None:
    machines = {name: machine for name, machine in REFUSED.items() if IS_LONG or name.startswith("a chroot")}
    faults = []
    for name, machine in machines.items():
        result = run_command(machine.conditions, "doctor", in_own=needs_own(machine))
        cures = [f"*{cure.removeprefix('  ')}" for cure in machine.cures]
        expected = [
            f"missing  sandbox *no sandbox can be created here*({machine.answer})",
            *cures,
            "netns tests cannot run*",
        ]
        missing = lines_missing(result.stdout, expected)
        if result.returncode != 1 or missing:
            faults.append(f"{name}: exit code {result.returncode}, {missing}{result.stderr}")
            continue
        found = json.loads(run_command(machine.conditions, "doctor", "--json", in_own=needs_own(machine)).stdout)
        sandbox = next(test for test in found["tests"] if test["name"] == "sandbox")
        printed = "\n".join(f"do: {remedy}" for remedy in sandbox["remedies"])
        missing = lines_missing(printed, cures)
        if found["ok"] or missing:
            faults.append(f"{name}, --json: {missing}{found}")
    check(AREA, "machines that allow no sandbox: doctor names the cure, in JSON too", len(machines), faults)


def test_tests_run_where_something_else_is_missing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_inner=source("machines_without/works"))
    faults, count = [], 0
    for name in WORKING if IS_LONG else [ALL_AT_ONCE]:
        for user in ([], [ORDINARY]) if IS_LONG and not name.startswith(("no CAP", "a chroot")) else [[]]:
            conditions = WORKING[name]
            before = [word for word in conditions if not word.startswith(("refuse:", "closed:", "clear"))]
            after = [word for word in conditions if word not in before]
            # Root of a user namespace has the name of the machine's root, whose temporary folder pytest refuses.
            own = ["--basetemp=base"] if "clear" in conditions else []
            result = run_suite([*before, *user, *after], *own)
            count += 1
            passed = "4 passed" in result.stdout
            if not passed or "Traceback" in result.stderr:
                faults.append(f"{name} {user}: {result.stdout[-3000:]}{result.stderr[-3000:]}")
    check(
        AREA, "machines without something that is not needed: tests have a server, and the right origin", count, faults
    )


ODD = [["gone"], ["clear"], ["closed:0", "closed:2"], ["variable:HOME="]]
COMMANDS = [["doctor", "--json"], ["show"], ["matrix"], ["ps"], ["ls"], ["cache"], ["run", "--", "true"], ["up"]]


@pytest.mark.parametrize("conditions", ODD[: scaled(1, len(ODD))], ids=" ".join)
def test_commands_have_no_traceback(conditions: Sequence[str]) -> None:
    commands = COMMANDS[: scaled(2, len(COMMANDS))]
    faults = []
    for command in commands:
        result = run_command(conditions, *command, in_own=command[0] == "run")
        text = result.stdout + result.stderr
        if "Traceback" in text or (result.returncode and "do:" not in text):
            faults.append(f"{conditions} {command}: {text}")
        if command == ["up"]:
            run_command(conditions, "down", in_own=False)
    check(AREA, "commands on odd machines: they work, or say what to do", len(commands), faults)
