"""What cannot be a server in a container is told by one clear error, before any test runs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.processes import wait_for, wait_for_end, wait_for_file
from tests.support.suites import InnerRun, Suite, source

pytestmark = [pytest.mark.as_user, pytest.mark.slow]


def refused(result: InnerRun) -> str:
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    return result.stderr.str()


def test_no_engine_answers(suite: Suite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    said = refused(suite("container_refusals/single", "--netns-mysqld=docker://mysql:8.4"))
    assert "no container engine answers\n  where: netns_mysqld = docker://mysql:8.4\n  tried: " in said
    assert "do: start the engine: systemctl start docker, or systemctl start podman.socket" in said


def test_with_fetch_never_no_image_is_pulled(suite: Suite, image: str) -> None:
    said = refused(
        suite("container_refusals/single", "--netns-mysqld=docker://netns-mysql-nobody-has-it:1", "--netns-fetch=never")
    )
    assert (
        "there is no image netns-mysql-nobody-has-it:1 on this machine, and netns_fetch = never forbids to pull it\n"
        "  where: command line --netns-fetch\n"
        "  do: run `docker pull netns-mysql-nobody-has-it:1` first\n"
        "  do: or let the run pull the image: netns_fetch = auto"
    ) in said


def test_no_such_image(suite: Suite, image: str) -> None:
    said = refused(suite("container_refusals/single", "--netns-mysqld=docker://netns-mysql-nobody-has-it:1"))
    assert "there is no image netns-mysql-nobody-has-it:1, and it cannot be pulled" in said
    assert "where: netns_mysqld = docker://netns-mysql-nobody-has-it:1" in said
    assert "do: correct the name: docker://mysql:8.4" in said


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "mysqld  Ver 8.0.21 for Linux on x86_64 (MySQL Community Server - GPL)",
            "is MySQL 8.0.21: network namespace support came with 8.0.22",
        ),
        (
            "mysqld  Ver 10.11.6-MariaDB-1:10.11.6+maria~ubu2204 for debian-linux-gnu on x86_64",
            "is MariaDB 10.11.6: it does not support addr/ns, and sockets cannot be passed into a container",
        ),
    ],
)
def test_a_server_without_network_namespaces(
    suite: Suite, odd_image: Callable[..., str], line: str, message: str
) -> None:
    name = odd_image("old", mysqld=f"#!/bin/sh\necho '{line}'\n")
    said = refused(suite("container_refusals/single", f"--netns-mysqld={name}"))
    assert f"{name} {message}\n  where: netns_mysqld = {name}" in said


def test_an_entrypoint_that_fails(suite: Suite, image: str) -> None:
    result = suite("container_refusals/single", f"--netns-mysqld={image}", "--netns-image-env=MYSQL_DATABASE=a`b")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["ServerStartError: the image's entrypoint could not make a data directory: it ended with exit code *"]
    )
    result.stdout.fnmatch_lines(["  do: correct netns_image_env or netns_image_initdb"])


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--netns-image-env=MYSQL_RANDOM_ROOT_PASSWORD=yes", "MYSQL_RANDOM_ROOT_PASSWORD leaves the administrator's"),
        ("--netns-image-env=nothing", "netns_image_env has 'nothing' where NAME=VALUE is expected"),
        ("--netns-image-initdb=nowhere", "netns_image_initdb = 'nowhere': there is no such folder"),
    ],
)
def test_settings_of_an_image(suite: Suite, image: str, option: str, message: str) -> None:
    assert message in refused(suite("container_refusals/single", f"--netns-mysqld={image}", option))


def test_up_takes_none(image: str) -> None:
    command = [sys.executable, "-m", "pytest_netns_mysql.cli", "up", f"--mysqld={image}"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert f"{image} cannot stay up between runs: only a local mysqld can" in result.stderr


@pytest.mark.parametrize("workers", [[], ["-n2"]])
def test_kill_leaves_nothing(
    pytester: pytest.Pytester,
    image: str,
    workers: list[str],
    left_of: Callable[..., list[str]],
) -> None:
    pytester.makepyfile(test_inner=source("container_refusals/waiting"))
    command = [sys.executable, "-m", "pytest", "-p", "no:asyncio", "-p", "no:cacheprovider", f"--netns-mysqld={image}"]
    process = subprocess.Popen([*command, *workers], stdout=subprocess.DEVNULL)
    files = [pytester.path / f"state{number}" for number in range(2 if workers else 1)]
    for file in files:
        wait_for_file(file, process)
    pids = [pid for file in files for pid in json.loads(file.read_text())]
    assert len(left_of(*pids)) == 2 * 2 * len(files)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for_end(*pids)
    wait_for(lambda: left_of(*pids) == [], "no container and no folder is left")
