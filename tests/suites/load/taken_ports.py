"""What test_machine_limits.py runs: servers at the place of one that may still be booting."""

from __future__ import annotations

from typing import Any

from pytest_netns_mysql import factories

same = factories.mysqld()
everywhere = factories.mysqld(bind_address="*")
admin = factories.mysqld(bind_address="127.0.0.1", options={"port": 3307}, admin_address="127.0.0.1")
admin_too = factories.mysqld(bind_address="127.0.0.1", options={"port": 33062})


def test_same(same: Any, netns_connect: Any) -> None: ...


def test_everywhere(everywhere: Any, netns_connect: Any) -> None: ...


def test_port_of_administrator(admin: Any, admin_too: Any) -> None: ...
