"""Machines where no sandbox can be created: netns tests say why, and all other tests run as without the plugin."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

import pytest

from tests.stress.machines_without import programs
from tests.stress.machines_without.programs import BY_APPARMOR, DOCTOR, IN_OWN
from tests.support.suites import source

pytestmark = pytest.mark.as_user

WITHOUT_ADMIN = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]


class Case(NamedTuple):
    """One refusal of the kernel.

    Attributes:
        in_own: Whether the test runs as root of a new user namespace, for example to lower a limit there.
        rootless: Whether the sandbox begins with a user namespace, as without CAP_SYS_ADMIN.
        step: The refused step.
        answer: The kernel's answer.
        cures: The remedies in the error.
    """

    in_own: bool
    rootless: bool
    step: str
    answer: str
    cures: list[str]


NO_SPACE = "[[]Errno 28] unshare: No space left on device"
CASES = {
    "unshare": Case(
        False,
        True,
        "to create a user namespace",
        "[[]Errno 1] unshare: Operation not permitted",
        [
            "  do: in Docker as root: --cap-add SYS_ADMIN *",
            "  do: in Docker as an ordinary user: --security-opt seccomp*",
        ],
    ),
    "map": Case(
        False,
        True,
        "to write the id map of a new user namespace",
        "[[]Errno 13] /proc/self/setgroups: Permission denied",
        BY_APPARMOR,
    ),
    "mount": Case(
        False, True, "to mount in a mount namespace of its own", "[[]Errno 13] mount /: Permission denied", BY_APPARMOR
    ),
    "max_user_namespaces": Case(
        True,
        True,
        "to create a user namespace",
        NO_SPACE,
        ["  do: raise the limit: sysctl -w user.max_user_namespaces=15000"],
    ),
    "max_mnt_namespaces": Case(
        True,
        False,
        "to create a mount namespace",
        NO_SPACE,
        ["  do: raise the limit: sysctl -w user.max_mnt_namespaces=15000"],
    ),
    "max_net_namespaces": Case(
        True,
        False,
        "to create a network namespace",
        NO_SPACE,
        ["  do: raise the limit: sysctl -w user.max_net_namespaces=15000"],
    ),
    "run": Case(
        True,
        False,
        "to mount in a mount namespace of its own",
        "[[]Errno 2] /run: No such file or directory",
        ["  do: create the folder, as root: mkdir /run"],
    ),
}


MACHINES = {
    "unshare": "refuse:unshare=EPERM",
    "map": "refuse:map",
    "mount": "refuse:mount=EACCES",
    "run": "without-folder:/run",
}


def machine(what: str) -> tuple[list[str], bool]:
    """Return the conditions of the machine, and whether they need root of a user namespace."""
    case = CASES[what]
    drop = ["drop:sys_admin"] if case.rootless and (case.in_own or os.geteuid() == 0) else []
    return [MACHINES.get(what, f"limit:{what}"), *drop], case.in_own


def told(what: str) -> list[str]:
    _, _, step, answer, cures = CASES[what]
    return [f"*no sandbox can be created here as *: the kernel refuses {step}", f"  tried: {answer}", *cures, DOCTOR]


@pytest.fixture(autouse=True)
def _suite(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_inner=source("refused_sandbox/as_before"))
    pytester.makeconftest(source("refused_sandbox/as_written_conftest"))


@pytest.mark.parametrize("what", CASES)
def test_netns_tests_name_the_refused_step_and_other_tests_run_as_before(what: str) -> None:
    conditions, in_own = machine(what)
    result = programs.run_suite(conditions, in_own=in_own)
    assert "2 passed, 1 error" in result.stdout, result.stdout + result.stderr
    pytest.LineMatcher(result.stdout.splitlines()).fnmatch_lines(told(what))


@pytest.mark.parametrize("what", ["map", "mount"])
@pytest.mark.parametrize("arguments", [(), ("-n", "2"), ("--netns-mode=rootless",)], ids=" ".join)
def test_netns_unavailable_skips_netns_tests(what: str, arguments: Sequence[str]) -> None:
    conditions, in_own = machine(what)
    result = programs.run_suite(conditions, "--netns-unavailable=skip", *arguments, in_own=in_own)
    assert "2 passed, 1 skipped" in result.stdout, result.stdout + result.stderr
    pytest.LineMatcher(result.stdout.splitlines()).fnmatch_lines(told(what))


@pytest.mark.parametrize("what", ["map", "mount", "max_net_namespaces", "run"])
def test_doctor_and_run_report_the_same_refusal(what: str) -> None:
    conditions, in_own = machine(what)
    result = programs.run_command(conditions, "doctor", in_own=in_own)
    assert result.returncode == 1
    _, _, step, answer, cures = CASES[what]
    pytest.LineMatcher(result.stdout.splitlines()).fnmatch_lines(
        [
            f"missing  sandbox    no sandbox can be created here as *: the kernel refuses {step} ({answer})",
            *(cure.replace("  do:", f"{'':19} do:") for cure in cures),
            "netns tests cannot run here: *sandbox*",
        ]
    )
    result = programs.run_command(conditions, "run", "--", "true", in_own=in_own)
    assert result.returncode == 1
    pytest.LineMatcher(result.stderr.splitlines()).fnmatch_lines([f"netns-mysql: {told(what)[0]}", *told(what)[1:]])


@pytest.mark.parametrize("drop", [[], ["setpriv", "--bounding-set", "-sys_chroot", "--inh-caps", "-sys_chroot"]])
def test_a_refused_direct_sandbox_leaves_the_process_where_it_was(drop: list[str]) -> None:
    """As root of a new user namespace the process can return; without CAP_SYS_CHROOT it cannot."""
    before = [*IN_OWN, *drop, sys.executable, str(programs.MACHINE), "refuse:mount=EACCES", "--"]
    script = 'echo $(stat -Lc %i /proc/self/ns/net) $(stat -Lc %i /proc/self/ns/mnt) && exec "$@"'
    python = (
        "import os\n"
        "from pytest_netns_mysql import SandboxError\n"
        "from pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox\n"
        "try:\n    Sandbox.create('direct')\n"
        "except SandboxError as error:\n    print(error.what)\n"
        "print(*(os.stat(f'/proc/self/ns/{kind}').st_ino for kind in ('net', 'mnt')))\n"
    )
    argv = [*before, "sh", "-c", script, "sh", sys.executable, "-c", python]
    result = subprocess.run(argv, capture_output=True, text=True, check=True)
    home, what, now = result.stdout.splitlines()
    assert what == "no sandbox can be created here as root: the kernel refuses to mount in a mount namespace of its own"
    assert now == home


@pytest.mark.root  # only root can mount where an ordinary user is to run, outside of any user namespace
def test_a_read_only_proc_and_apparmors_restriction_have_remedies() -> None:
    """The sandbox is created as an ordinary user of the machine."""
    script = (
        "mount -t tmpfs none /proc/sys/kernel && echo 1 > /proc/sys/kernel/apparmor_restrict_unprivileged_userns && "
        'exec "$@"'
    )
    # Root imports everything first: that user may be unable to read the interpreter, such as one of pyenv.
    python = (
        "import ctypes, os\nfrom pytest_netns_mysql.kernel.namespaces.sandbox import Sandbox\n"
        "os.setgroups([])\nos.setresgid(*[65533] * 3)\nos.setresuid(*[65533] * 3)\n"
        "ctypes.CDLL(None).prctl(4, 1)  # PR_SET_DUMPABLE: its /proc is its own again\n"
        "try:\n    Sandbox.create()\nexcept Exception as error:\n    print(error)\nprint(os.getuid())\n"
    )
    refuse = [sys.executable, str(programs.MACHINE), "refuse:map", "--"]
    unshare = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
    result = subprocess.run(
        [*unshare, script, "sh", *refuse, sys.executable, "-c", python], capture_output=True, text=True, check=True
    )
    pytest.LineMatcher(result.stdout.splitlines()).fnmatch_lines(
        [
            "no sandbox can be created here as an ordinary user: the kernel refuses to write the id map of a new user*",
            "  tried: [[]Errno 13[]] /proc/self/setgroups: Permission denied",
            "  do: allow user namespaces, as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
            "  do: or allow them to this interpreter alone, as root: echo 'abi <abi/4.0>, profile netns-python *",
            DOCTOR,
            "65533",
        ]
    )
    script = 'mount -o remount,ro,bind /proc && exec "$@"'
    result = subprocess.run(
        [*unshare, script, "sh", sys.executable, "-c", python], capture_output=True, text=True, check=True
    )
    pytest.LineMatcher(result.stdout.splitlines()).fnmatch_lines(
        [
            "no sandbox can be created here as an ordinary user: the kernel refuses to write the id map of a new user*",
            "  tried: [[]Errno 30[]] /proc/self/setgroups: Read-only file system",
            "  do: /proc is mounted read-only here: *: mount -o remount,rw /proc",
            "65533",
        ]
    )


def test_without_proc_other_tests_run_as_without_the_plugin(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_plain="def test_it(): pass")
    script = 'mount -t tmpfs none /proc && exec "$@"'
    pytest_command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio"]
    argv = [*IN_OWN, "sh", "-c", script, "sh", *WITHOUT_ADMIN, *pytest_command, "test_plain.py"]
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert "1 passed" in result.stdout, result.stdout + result.stderr


@pytest.mark.root
def test_root_without_cap_setfcap_is_an_error_with_remedies() -> None:
    drop = ["setpriv", "--bounding-set", "-sys_admin,-setfcap", "--inh-caps", "-sys_admin,-setfcap"]
    program = [sys.executable, "-m", "pytest_netns_mysql.cli", "run", "--", "true"]
    result = subprocess.run([*drop, *program], capture_output=True, text=True, check=False)
    assert result.stderr.splitlines() == [
        "netns-mysql: no sandbox can be created here as root without CAP_SYS_ADMIN or CAP_NET_ADMIN: the kernel "
        "refuses to write the id map of a new user namespace",
        "  tried: [Errno 1] /proc/self/uid_map: Operation not permitted",
        "  do: root needs CAP_SETFCAP for a user namespace of its own: give this process CAP_SETFCAP (Docker: "
        "--cap-add SETFCAP), or CAP_SYS_ADMIN and CAP_NET_ADMIN, which do without a user namespace",
        "  do: run as an ordinary user, who needs no capability",
        DOCTOR,
    ]
