"""Odd YAML makes no traceback: each file is read, or refused by an error of ours."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.topology import load
from pytest_netns_mysql.topology.compose import knownkeys

pytestmark = pytest.mark.as_user

_WORDS = st.sampled_from(
    [
        *(
            "mysql",
            "db",
            "back",
            "default",
            "true",
            "2",
            "-1",
            "172.28.0.0/24",
            "172.28.0.9",
            "2001:db8::/64",
            "3307:3306",
        ),
        *(
            "host",
            "none",
            "service:db",
            "bridge",
            "${X",
            "$",
            "${Y:-a}",
            "/docker-entrypoint-initdb.d",
            "./a:/b",
            "~",
            "",
        ),
        *(
            "9" * 400,
            "a" * 300,
            "\x7f",
            "é",
            "!reset",
            "global",
            "0.0.0.0/0",
            "::/0",
            "1.2.3.4/32",
            "255.255.255.255/31",
        ),
    ]
)
_KEYS = st.sampled_from(
    [
        *(*knownkeys.SERVICE_USED, *knownkeys.MEMBER_USED, *knownkeys.NETWORK_USED, *knownkeys.REFUSED),
        *("config", "subnet", "gateway", "ip_range", "aux_addresses", "target", "published", "source", "replicas"),
        *("service", "file", "path", "x-netns-mysql", "mysqld", "skip", "db", "app", "back", "default", "healthcheck"),
    ]
)
_VALUES = st.recursive(
    st.none() | _WORDS | st.booleans() | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)
_SERVICES = st.dictionaries(
    st.sampled_from(["db", "app", "global", "a b"]), st.dictionaries(_KEYS, _VALUES), max_size=3
)
_NETWORKS = st.dictionaries(st.sampled_from(["back", "default", "db"]), st.dictionaries(_KEYS, _VALUES), max_size=2)


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.fixed_dictionaries(
        {"services": _SERVICES | _VALUES},
        optional={
            "networks": _NETWORKS | _VALUES,
            "secrets": _VALUES,
            "configs": _VALUES,
            "include": _VALUES,
            "x-a": _VALUES,
        },
    )
)
def test_odd_files_are_read_or_refused(folder: Path, data: object) -> None:
    import yaml

    file = folder / "compose.yaml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True))
    with contextlib.suppress(NetnsError):
        load(str(file))


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.sampled_from("services: {db}\n-&*!<~'\"$[],|>%@\t#?ab0"), max_size=60))
def test_odd_text_is_read_or_refused(folder: Path, text: str) -> None:
    (folder / "compose.yaml").write_text(f"services:\n  db:\n    image: mysql\n    {text}")
    with contextlib.suppress(NetnsError):
        load(str(folder / "compose.yaml"))
