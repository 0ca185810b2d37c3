"""Containers of Docker and Podman with different flags: a netns test passes, or the error names the flag that helps."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.mysql.kinds import local
from tests.conftest import IN_CI
from tests.stress.machines_without import engines, rootlessdocker
from tests.stress.machines_without.programs import IN_DOCKER
from tests.support.stress import IS_LONG, check
from tests.support.suites import source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AREA = "Where it cannot work"
USER = str(os.geteuid()) if os.geteuid() else "4711"
BOTH = ["--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN"]
NO_PROFILE = ["--security-opt", "seccomp=unconfined"]
PROFILE = "  tried: [[]Errno 1[]] unshare: Operation not permitted"
NO_MAP = [
    "  tried: [[]Errno 1[]] /proc/self/uid_map: Operation not permitted",
    "  do: root needs CAP_SETFCAP *: give this process CAP_SETFCAP (Docker: --cap-add SETFCAP), or CAP_SYS_ADMIN and *",
]


class Container(NamedTuple):
    """A container, and what a netns test does there.

    Attributes:
        flags: The flags of the engine.
        error: Lines of the error; none if the test passes.
        cured: Flags that the error names, with which the test passes.
        is_short: Whether the short form tries the container.
    """

    flags: Sequence[str]
    error: Sequence[str] = ()
    cured: Sequence[Sequence[str]] = ()
    is_short: bool = False


DOCKER = [
    Container([], [PROFILE, *IN_DOCKER], [BOTH, NO_PROFILE], True),
    Container(["--cap-drop", "ALL"], [PROFILE, *IN_DOCKER], [BOTH]),
    Container(["--cap-add", "NET_ADMIN"], [PROFILE, *IN_DOCKER], [["--cap-add", "SYS_ADMIN"]]),
    Container(["--cap-add", "SYS_ADMIN"]),
    Container(["--cap-drop", "ALL", *NO_PROFILE], NO_MAP, [["--cap-add", "SETFCAP"], BOTH]),
    Container([*BOTH, "--security-opt", "no-new-privileges"]),
    Container([*BOTH, "--read-only", "--tmpfs", "/tmp"]),
    Container([*BOTH, "--ipc", "none"]),
    *(
        Container([*BOTH, "--cap-drop", name])
        for name in ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_RAW", "SETFCAP", "SETPCAP", "SETUID", "SYS_CHROOT")
    ),
]
DOCKER_USER = [
    Container(["--user", USER], [PROFILE, *IN_DOCKER], [NO_PROFILE, BOTH]),
    Container(["--user", USER, "--cap-drop", "ALL", *NO_PROFILE, "--security-opt", "no-new-privileges"]),
    Container(["--user", USER, *NO_PROFILE, "--read-only", "--tmpfs", "/tmp"]),
]
PODMAN = [
    Container([], is_short=True),
    Container(["--cap-drop", "ALL"], NO_MAP, [["--cap-add", "SETFCAP"], BOTH], True),
    Container(BOTH),
    Container([*NO_PROFILE]),
    Container(["--read-only"]),
    Container(["--security-opt", "no-new-privileges"]),
]
ROOTLESS_PODMAN = [
    *PODMAN,
    Container(["--privileged"]),
    Container(["--userns", "keep-id"]),
    Container(["--userns", "keep-id", "--cap-drop", "ALL"]),
]
SUITES = {
    ("docker", True): [*DOCKER, *DOCKER_USER],
    ("docker", False): [DOCKER_USER[0]._replace(is_short=True), *DOCKER_USER[1:]],
    ("podman", True): PODMAN,
    ("podman", False): ROOTLESS_PODMAN,
}


def fault(engine: str, flags: Sequence[str], error: Sequence[str], folder: Path, copy: Path | None) -> str:
    """Return what was wrong in a container, or ''."""
    words = ["-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio", "-q"]
    result = engines.run(engine, flags, folder, *words, copy=copy)
    text = f"{engine} {flags}: {result.stdout[-2500:]}{result.stderr[-1500:]}"
    if not error:
        return "" if "4 passed" in result.stdout else text
    try:
        pytest.LineMatcher(result.stdout.splitlines()).fnmatch_lines(["*no sandbox can be created here*", *error])
    except pytest.fail.Exception:
        return text
    return "" if "2 passed, 2 errors" in result.stdout else text


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    with engines.without_pause_process():
        yield


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_containers(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if engine not in engines.engines():
        if IN_CI:
            pytest.fail(f"{engine} does not answer: .ci/tools and .ci/engine bring it")
        pytest.skip(f"{engine} does not answer")
    who = "rootful" if os.geteuid() == 0 else "rootless" if engine == "podman" else "rootful, as an ordinary user"
    try_containers(engine, who, SUITES[engine, os.geteuid() == 0], tmp_path, monkeypatch)


@pytest.mark.ordinary_user
def test_containers_of_rootless_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if missing := rootlessdocker.missing():
        if IN_CI:
            pytest.fail(f"{missing} is missing: .ci/tools and .ci/engine bring it")
        pytest.skip(f"{missing} is missing")
    with rootlessdocker.running() as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        try_containers("docker", "rootless", DOCKER, tmp_path, monkeypatch)


def try_containers(
    engine: str, who: str, containers: Sequence[Container], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run a netns test in each container, and record what was tried.

    Args:
        engine: docker or podman.
        who: The user of the engine, for the claim.
        containers: The containers of the long form.
        folder: The folder for the suite.
        monkeypatch: The test's own.
    """
    local.find("auto", cache=settings.resolve().cache, progress=print)  # containers cannot fetch it
    engines.make_image(engine, folder)
    (folder / "test_inner.py").write_text(source("machines_without/works"))
    (folder / "conftest.py").write_text(source("refused_sandbox/as_written_conftest"))
    folder.chmod(0o755)
    faults: list[str] = []
    count, copy = 0, None
    for container in containers:
        if not (IS_LONG or container.is_short):
            continue
        flags = container.flags
        uid = int(flags[flags.index("--user") + 1]) if "--user" in flags else os.geteuid() if "keep-id" in flags else 0
        if uid and os.geteuid() == 0 and copy is None:
            copy = engines.copy_cache(folder / "cache", uid)  # that of root is closed to this user
        own = copy if uid and os.geteuid() == 0 else None
        monkeypatch.setenv("AS_BEFORE", json.dumps([None, uid, None]))
        faults.append(fault(engine, flags, container.error, folder, own))
        cured = [[*flags, *more] for more in container.cured] if IS_LONG else []
        faults += [fault(engine, more, (), folder, own) for more in cured]
        count += 1 + len(cured)
    claim = (
        f"containers of {engine.capitalize()} ({who}): a netns test passes, or the error names the flag that cures it"
    )
    check(AREA, claim, count, list(filter(None, faults)))
