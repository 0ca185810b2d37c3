"""A server that others run, in namespaces that exist already: fixtures work, and the server stays as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import mysql.connector
import pytest

from pytest_netns_mysql import settings
from pytest_netns_mysql.mysql.dialects.options import initial, merge
from pytest_netns_mysql.mysql.mysqld import template
from pytest_netns_mysql.run.serverkinds import ServerKinds
from tests.support.suites import Suite

pytestmark = pytest.mark.slow

# Two addresses and no more, since what else lies in a network must stay in reach; for each of xdist's workers others.
_NUMBER = 128 + 2 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
HERE, THERE = f"198.51.100.{_NUMBER}", f"198.51.100.{_NUMBER + 1}"
PASSWORD = "of the boss"


@pytest.fixture(autouse=True)
def _address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's address, for inner suites."""
    monkeypatch.setenv("THERE", THERE)


@pytest.fixture
def others(tmp_path: Path) -> Iterator[str]:
    """Give the name of a namespace of this machine with a server of its own in it, that answers the machine too."""
    name = f"netns-test-{uuid.uuid4().hex[:8]}"
    link = name[-8:]
    kind = ServerKinds(settings.resolve(settings.environment), print).find("auto")
    data = template.template(kind, initial(merge()), cache=settings.resolve(settings.environment).cache, progress=print)
    shutil.copytree(data, tmp_path / "data")
    (tmp_path / "accounts.sql").write_text(
        f"CREATE USER boss@'{HERE}' IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO boss@'{HERE}' WITH GRANT OPTION;\n"
    )
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for command in (
            f"link add v{link} type veth peer name eth0 netns {name}",
            f"address add {HERE}/31 dev v{link}",
            f"link set v{link} up",
            f"-n {name} address add {THERE}/31 dev eth0",
            f"-n {name} link set eth0 up",
            f"-n {name} link set lo up",
        ):
            subprocess.run(["ip", *command.split()], check=True)
        options = (
            f"datadir={tmp_path}/data",
            f"socket={tmp_path}/sock",
            f"bind-address={THERE}",
            "user=root",
            "mysqlx=OFF",
        )
        more = (
            f"init-file={tmp_path}/accounts.sql",
            f"log-error={tmp_path}/log.err",
            "skip-name-resolve",
            "secure-file-priv=",
            "skip-log-bin",
        )
        words = ["ip", "netns", "exec", name, kind.name, "--no-defaults", *(f"--{one}" for one in (*options, *more))]
        with subprocess.Popen(words) as process:
            try:
                _wait_until_it_answers(tmp_path / "log.err", process)
                yield name
                assert process.poll() is None, "it was ended"
            finally:
                process.kill()
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def _wait_until_it_answers(log: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            mysql.connector.connect(host=THERE, user="boss", password=PASSWORD).close()
        except mysql.connector.Error:
            time.sleep(0.05)
        else:
            return
    pytest.fail(log.read_text())


@pytest.mark.root  # only root may enter what others made
def test_a_run_uses_and_leaves_a_server_that_others_run(
    suite: Suite, others: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETNS_EXTERNAL_PASSWORD", PASSWORD)
    pytester.path.joinpath("prod.toml").write_text(f'[namespaces.prod]\nexternal = "{others}"\n')
    words = (f"--netns-mysqld=external:{THERE}:3306", "--netns-external-user=boss", "--netns-topology=prod.toml")
    suite("external_server/origins", *words).assert_outcomes(passed=4, skipped=1)
    refused = suite(
        "external_server/another_server_started",
        *words,
    )
    refused.assert_outcomes(errors=1)
    refused.stdout.fnmatch_lines(
        [
            f"external:{THERE}:3306 is run by others, so that factories.replica cannot be used",
            "  where: factories.replica*",
        ]
    )
    workers = suite("def test_it(netns_mysqld): ...", *words, "-n1")
    assert workers.ret == pytest.ExitCode.USAGE_ERROR
    assert "is a single shared server: xdist workers would reset each other's changes" in workers.stderr.str()
    fresh = suite("def test_it(netns_mysqld): ...\n\ndef test_fresh(netns_mysqld_fresh): ...", *words)
    fresh.assert_outcomes(passed=1, errors=1)
    fresh.stdout.fnmatch_lines(
        [f"*netns_mysqld_fresh: external:{THERE}:3306 is run by others, and cannot be started anew*"]
    )
    again = suite("def test_it(netns_mysqld): ...", *words, "--netns-topology=red-blue")
    again.assert_outcomes(errors=1)
    again.stdout.no_fnmatch_line(f"*{PASSWORD}*")
    again.stdout.fnmatch_lines(
        [f"SettingError: external:{THERE}:3306 cannot be reached: the topology red-blue has no route out of its *"]
    )


@pytest.mark.root  # only root may enter what others made
def test_a_failed_login_of_the_administrator_says_what_to_set(suite: Suite, others: str) -> None:
    result = suite("external_server/origins", f"--netns-mysqld=external:{THERE}:3306")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = result.stderr.str()
    assert f"the administrator cannot log in to the server at {THERE}, port 3306" in said
    assert "tried: as 'root': " in said
    assert f"Access denied for user 'root'@'{HERE}'" in said
    assert "do: set the administrator's name, netns_external_user, and password, NETNS_EXTERNAL_PASSWORD" in said


@pytest.mark.parametrize("choice", ["external:", "external:host", "external::3306", "external:host:99999"])
def test_a_malformed_address_of_a_server_is_refused(suite: Suite, choice: str) -> None:
    result = suite("external_server/origins", f"--netns-mysqld={choice}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"netns_mysqld = {choice!r} is not the address of a server" in result.stderr.str()
    assert "do: write external:HOST:PORT, such as external:192.0.2.10:3306" in result.stderr.str()
