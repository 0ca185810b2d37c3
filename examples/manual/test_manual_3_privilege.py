"""The manual, "Host System Prerequisites": MySQL's programs need CAP_SYS_ADMIN to use a namespace."""

import os
import subprocess
from pathlib import Path

import pytest

from pytest_netns_mysql import AccountFactory, MySQLServer

pytestmark = pytest.mark.netns(topology="red-blue")  # the manual's network, whatever --netns-topology chooses

CAP_SYS_ADMIN = 1 << 21

# Root is given its whole bounding set at every exec; an ordinary user only what is ambient.
WITHOUT_CAPABILITIES = ["setpriv", "--inh-caps=-all", "--ambient-caps=-all"]
if os.geteuid() == 0:
    WITHOUT_CAPABILITIES.append("--bounding-set=-all")


def effective(status: str) -> int:
    return next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff"))


def test_the_server_has_the_privilege(netns_mysqld: MySQLServer) -> None:
    """A server that uses namespaces must have CAP_SYS_ADMIN; here it is inherited, and no setcap is needed."""
    capabilities = effective(Path(f"/proc/{netns_mysqld.pid}/status").read_text())
    print(f"mysqld, pid {netns_mysqld.pid}: CapEff {capabilities:016x}")
    assert capabilities & CAP_SYS_ADMIN


def test_a_program_has_no_privilege_of_its_own(netns_mysqld: MySQLServer) -> None:
    """By default MySQL's programs cannot use namespaces: the privilege is granted, not built in."""
    status = subprocess.run(
        [*WITHOUT_CAPABILITIES, "cat", "/proc/self/status"], check=True, capture_output=True, text=True
    ).stdout
    assert effective(status) == 0
    print("file capabilities of mysql:", os.listxattr(netns_mysqld.program("mysql")))
    assert "security.capability" not in os.listxattr(netns_mysqld.program("mysql"))


@pytest.mark.netns_mysqld(flavor="mysql")
def test_a_client_without_the_privilege_fails(netns_mysqld: MySQLServer, netns_account: AccountFactory) -> None:
    """Without CAP_SYS_ADMIN the mysql client cannot enter a namespace, and says so."""
    netns_account("red_user", host="192.0.2.%")
    mysql = [netns_mysqld.program("mysql"), "--no-defaults", "--user=red_user", "--host=192.0.2.2"]
    result = subprocess.run([*WITHOUT_CAPABILITIES, *mysql, "--network-namespace=red"], capture_output=True, text=True)
    print(result.stderr)
    assert result.returncode == 1
    assert result.stderr == "ERROR: Network namespace error: Operation not permitted\n"


def test_an_ordinary_connection_needs_no_privilege(netns_mysqld: MySQLServer, netns_account: AccountFactory) -> None:
    """The privilege is for entering a namespace: without the option the same client connects."""
    netns_account("red_user", host="192.0.2.%")
    mysql = [netns_mysqld.program("mysql"), "--no-defaults", "--user=red_user", "--host=192.0.2.2"]
    result = subprocess.run(
        [*WITHOUT_CAPABILITIES, *mysql, "--table", "--execute=SELECT USER()"],
        check=True,
        capture_output=True,
        text=True,
    )
    print(result.stdout)
    assert "red_user@192.0.2.1" in result.stdout
