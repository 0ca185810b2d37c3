"""Starting programs and servers without some of their capabilities."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_netns_mysql import Network, SettingError, StartFactory
from pytest_netns_mysql.kernel.namespaces import privileges

pytestmark = pytest.mark.live


def capabilities(netns: Network, **options: Any) -> dict[str, int]:
    status = netns["red"].run(["cat", "/proc/self/status"], check=True, capture_output=True, text=True, **options)
    return {name: int(value, 16) for name, value in re.findall(r"^Cap(\w+):\s+(\w+)$", status.stdout, re.MULTILINE)}


@pytest.mark.parametrize("name", ["CAP_SYS_ADMIN", "sys_admin"])
def test_only_the_named_capability_is_dropped(netns: Network, name: str) -> None:
    with_all, without = capabilities(netns), capabilities(netns, drop_capabilities=name)
    assert with_all["Eff"] & 1 << privileges.CAP_SYS_ADMIN
    assert without["Eff"] == with_all["Eff"] & ~(1 << privileges.CAP_SYS_ADMIN)
    assert not (without["Prm"] | without["Inh"] | without["Amb"]) & 1 << privileges.CAP_SYS_ADMIN


def test_several_capabilities_are_dropped(netns: Network) -> None:
    without = capabilities(netns, drop_capabilities=["CAP_SYS_ADMIN", "CAP_NET_ADMIN"])
    assert not without["Eff"] & (1 << privileges.CAP_SYS_ADMIN | 1 << privileges.CAP_NET_ADMIN)


def test_a_missing_program_raises_file_not_found(netns: Network) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        netns["red"].run(["no-such-program"], drop_capabilities="CAP_SYS_ADMIN")


def test_an_unknown_capability_is_refused(netns: Network, netns_start_mysqld: StartFactory) -> None:
    with pytest.raises(SettingError) as error:
        netns["red"].run(["true"], drop_capabilities="CAP_SYS_ADMIM")
    assert str(error.value).splitlines() == [
        "drop_capabilities: there is no capability 'CAP_SYS_ADMIM'",
        "  where: netns['red'].run",
        "  do: write names of capabilities(7), such as CAP_SYS_ADMIN",
    ]
    with pytest.raises(SettingError, match="there is no capability 'ADMIN'\n  where: server netns_start_mysqld"):
        netns_start_mysqld(bind_address="127.0.0.1", options={"port": 3350}, drop_capabilities="ADMIN")


def test_an_unknown_argument_is_refused(netns_start_mysqld: StartFactory) -> None:
    with pytest.raises(SettingError) as error:
        netns_start_mysqld(port=3307)  # type: ignore[call-arg]
    assert str(error.value).splitlines() == [
        "netns_start_mysqld takes no port=",
        "  do: use bind_address, admin_address, mysqlx_bind_address, check_endpoints, require_mysqlx, "
        "drop_capabilities, options",
        "  do: for an option of mysqld: options={'port': ...}",
    ]
