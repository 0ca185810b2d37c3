"""The findings of netns-mysql doctor for a server outside of pytest."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from pytest_netns_mysql.commands.prerequisites import own_server_findings
from pytest_netns_mysql.kernel.finding import Finding
from pytest_netns_mysql.mysql.kinds.local import Distribution


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a mysqld on PATH; a mysql is among what was fetched."""
    for path in (tmp_path / "sbin/mysqld", tmp_path / "cache/bin/mysqld", tmp_path / "cache/bin/mysql"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "sbin"))
    return tmp_path


def found(programs: Path) -> dict[str, Finding]:
    fetched = Distribution(programs / "cache/bin/mysqld", (9, 7, 4), "mysqld  Ver 9.7.4", "mysql")
    return {finding.name: finding for finding in own_server_findings(fetched, programs / "cache")}


def test_a_server_without_the_capability_has_setcap_as_a_remedy(programs: Path) -> None:
    mysqld = programs / "sbin/mysqld"
    finding = found(programs)["mysqld"]
    assert finding.state == "note"
    assert finding.detail == (
        f"{mysqld} has no file capability: it needs CAP_SYS_ADMIN to listen on addr/ns, and to replicate with "
        "NETWORK_NAMESPACE"
    )
    assert finding.remedies == (
        f"setcap cap_sys_admin+ep {mysqld}",
        "not needed if systemd grants the capability (AmbientCapabilities=CAP_SYS_ADMIN with User=mysql), or mysqld "
        "runs as root; mysqld drops the capability if root starts it with --user=mysql",
    )


@pytest.mark.root  # only root gives a file capabilities
def test_a_server_with_the_capability_is_ok(programs: Path) -> None:
    mysqld = programs / "sbin/mysqld"
    os.setxattr(mysqld, "security.capability", struct.pack("<5I", 0x02000001, 1 << 21, 0, 0, 0))
    finding = found(programs)["mysqld"]
    assert finding.state == "ok"
    assert finding.detail.startswith(f"{mysqld} has cap_sys_admin=ep, to listen on addr/ns")


def test_a_fetched_program_needs_no_capability(programs: Path) -> None:
    finding = found(programs)["mysql"]
    assert finding.state == "ok"
    assert finding.detail.endswith("was fetched for netns tests: it needs no file capability")


def test_a_missing_program_is_a_note(programs: Path) -> None:
    finding = found(programs)["mysqlxtest"]
    assert (finding.state, finding.remedies) == ("note", ())
    assert finding.detail == (
        "not on this machine; on the server's machine it needs CAP_SYS_ADMIN for --network-namespace"
    )


def test_a_kernel_with_network_namespaces_is_ok(programs: Path) -> None:
    assert found(programs)["kernel"].state == "ok"
