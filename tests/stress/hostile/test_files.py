"""Files that strangers wrote: each is read, or refused by an error of ours in a moment; nothing in them is run."""

from __future__ import annotations

import itertools
import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql.errors import FetchError, NetnsError, TopologyError
from pytest_netns_mysql.mysql.fetch.apt import AptRoot
from pytest_netns_mysql.mysql.fetch.progress import Progress
from pytest_netns_mysql.settings import TABLE, Setting, resolve
from pytest_netns_mysql.topology import from_mapping, load
from pytest_netns_mysql.topology.diagram import FORMATS, draw
from tests.support.processes import PATIENCE
from tests.support.stress import check, scaled

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

AREA = "Hostile input"
SERVICE = "services:\n  db:\n    image: mysql:8.4\n"
LEVELS, INCLUDES = 30, 15
NAMES = [
    *(
        "../../x",
        "/etc/passwd",
        "$(touch ran)",
        "`touch ran`",
        ";touch ran",
        "|touch ran",
        "--defaults-file=/etc/x",
        "-x",
    ),
    *("'; DROP DATABASE mysql; -- ", "\\", "/*!50000 x*/", "%s%n", "{0.__class__}", "${HOME}", "~root", "~nobody-x/y"),
    *(
        "<script>alert(1)</script>",
        "]]>",
        '"onload="x',
        "](javascript:x)",
        "|a|",
        "```",
        "#",
        "&lt;",
        "\x1b[31m",
        "\x07",
    ),
    *("a\0b", "a\nb", "\r", "\t", " ", "\u202eabc", "\u2066", "\ufeff", "\ufffe", "\ud800", "é", "日本", "😀", "İ"),
    *("x" * 16, "x" * 300, "x" * 5000, "", "0", "-1", "1e999", "NaN", "9" * 400, "९", "global", "localhost", "all"),
    *(".", "..", "*", "::", "0.0.0.0", "fe80::1%eth0", "192.0.2.2/33", "192.0.2.2/24", "a,b", "a=b", "a:b", "\x9b31m"),
]


def is_shown(text: str) -> bool:
    """Return True for text that a terminal shows as it is."""
    return all(char.isprintable() or char == "\n" for char in text)


def bombs(folder: Path) -> dict[str, str]:
    """Return compose files that stand for far more than they have."""
    lists = "".join(f"x-{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, LEVELS))
    tables = "".join(f"x-{level}: &a{level} {{p: *a{level - 1}, q: *a{level - 1}}}\n" for level in range(1, LEVELS))
    last = f"*a{LEVELS - 1}"
    for level in range(INCLUDES):
        (folder / f"level{level}.yaml").write_text(f"include: [{', '.join([f'level{level + 1}.yaml'] * 2)}]\n")
    (folder / f"level{INCLUDES}.yaml").write_text(SERVICE)
    (folder / "large").write_bytes(b"A=b\n" * (1 << 19))
    return {
        "lists": f"x-0: &a0 [x]\n{lists}{SERVICE}",
        "lists that are used": f"x-0: &a0 [x]\n{lists}{SERVICE}    environment: {last}\n",
        "tables": f"x-0: &a0 {{k: v}}\n{tables}{SERVICE}",
        "tables that are used": f"x-0: &a0 {{k: v}}\n{tables}{SERVICE}    networks: {last}\n",
        "includes": "include: [level0.yaml]\n",
        "a long line": f"{SERVICE}    command: {'x' * (2 << 20)}\n",
        "a large file of variables": f"{SERVICE}    env_file: large\n",
        "containers": f"{SERVICE}    scale: 100000000\n",
        "ports": f"{SERVICE}    ports: ['1-99999999999:1-99999999999']\n",
        "lists in lists": f"x: {'[' * 20_000}\n{SERVICE}",
        "tables in tables": f"x: {'{a: ' * 3000}1{'}' * 3000}\n{SERVICE}",
        "templates in templates": f"{SERVICE}    command: {'${A:-' * 1000}x{'}' * 1000}\n",
        "an alias of itself": f"x: &a {{b: *a}}\n{SERVICE}",
        "services": f"x-0: &a0 {{k: v}}\n{tables}services: {last}\n",
    }


class TooLongError(Exception):
    """A file was neither read nor refused."""


@contextmanager
def in_a_moment() -> Iterator[None]:
    """Return a block that raises TooLongError if it takes ``PATIENCE``: what a bomb stands for would take hours."""

    def stop(*_: object) -> None:
        raise TooLongError(f"it took more than {PATIENCE:g} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_bombs(tmp_path: Path) -> None:
    found = bombs(tmp_path)
    faults = []
    for name, text in found.items():
        file = tmp_path / "compose.yaml"
        file.write_text(text)
        try:
            with in_a_moment():
                load(str(file))
        except NetnsError as error:
            if not is_shown(str(error)) or len(str(error)) > 10_000:
                faults.append(f"{name}: an unreadable error")
        except Exception as error:  # noqa: BLE001 - each is a fault to count
            faults.append(f"{name}: {error!r}")
        else:
            faults.append(f"{name}: it was taken")
    check(AREA, "files that stand for far more than they have are refused in a moment", len(found), faults)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f"x-0: &a0 {{k: v}}\nx-1: &a1 [{', '.join(['*a0'] * 400)}]\nx: [{', '.join(['*a1'] * 200)}]\n{SERVICE}",
            "with its aliases this stands for more than 100,000 values\n"
            "  where: {file}, line 3\n"
            "  do: use fewer aliases inside of what other aliases stand for",
        ),
        (
            f"# {'x' * (1 << 20)}\n{SERVICE}",
            "the compose file cannot be read: it has more than 1 MiB\n"
            "  where: {file}\n"
            "  do: make it readable, in UTF-8",
        ),
    ],
)
def test_what_is_too_large_is_told(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(text)
    with pytest.raises(TopologyError) as error:
        load(str(file))
    assert str(error.value) == told.format(file=file)


def test_a_topology_file_that_nobody_wrote(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("#" * (1 << 20) + '\n[namespaces]\nred = "192.0.2.2/24"\n')
    with pytest.raises(TopologyError, match="the topology file cannot be read: it has more than 1 MiB"):
        load(str(file))


def test_files_that_include_each_other_too_often(tmp_path: Path) -> None:
    bombs(tmp_path)
    with pytest.raises(TopologyError, match="compose files include others more than 500 times"):
        load(str(tmp_path / "level0.yaml"))


def test_names_in_topologies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is refused, or is drawn without what a terminal or a browser would run."""
    monkeypatch.chdir(tmp_path)
    dice, faults = random.Random(20), []
    count = scaled(300, 20_000)
    for number in range(count):
        data: dict[str, Any] = {
            "description": dice.choice(NAMES),
            "namespaces": {"red": {"address": "192.0.2.2/24", "interface": "eth0", "hosts": ["red.test"]}},
            "mysqld": {"bind_address": ["192.0.2.2/red"], "options": {"max_connections": 5}, "load": []},
        }
        tables = [data, data["namespaces"], data["namespaces"]["red"], data["mysqld"]]
        for table in dice.sample(tables, dice.randint(1, 2)):
            key = dice.choice([*table, *NAMES])
            table[key] = dice.choice(
                [dice.choice(NAMES), [dice.choice(NAMES)], {dice.choice(NAMES): dice.choice(NAMES)}]
            )
        try:
            texts = [draw(from_mapping(data), kind) for kind in FORMATS]
        except NetnsError as error:
            texts = [str(error)]
        except Exception as error:  # noqa: BLE001 - each is a fault to count
            faults.append(f"number {number}: {error!r}: {data}")
            continue
        if not all(map(is_shown, texts)) or (len(texts) > 1 and "<script" in texts[FORMATS.index("svg")]):
            faults.append(f"number {number}: it is shown with escapes: {data}")
    faults += [f"something was run: {file}" for file in os.listdir()]  # noqa: PTH208 - the working directory
    check(AREA, "names, addresses and options in topologies are refused, or drawn as they are", count, faults)


def test_values_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    faults, tried = [], 0
    listed = [f"{first},{name}" for first in ("a.html", "A=b", "auto", "red-blue") for name in NAMES]
    for setting, value in itertools.product(TABLE, [*NAMES, *listed]):
        tried += 1

        def reader(each: Setting, name: str = setting.name, text: str = value) -> tuple[str, str] | None:
            return (text, "here") if each.name == name else None

        try:
            resolve(reader)
        except NetnsError as error:
            if not is_shown(str(error)):
                faults.append(f"{setting.name} = {value!r}: {error!s}")
        except Exception as error:  # noqa: BLE001 - each is a fault to count
            faults.append(f"{setting.name} = {value[:100]!r}: {error!r}")
    faults += [f"something was run: {file}" for file in os.listdir()]  # noqa: PTH208 - the working directory
    check(AREA, "odd values of settings are taken as they are, or refused", tried, faults)


@pytest.mark.parametrize("name", ['a"; APT::Update::Pre-Invoke {"touch ran"}; "', "a\nb", "a\\b", "a\udcff"])
def test_a_cache_whose_path_would_change_the_configuration_of_apt(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    with pytest.raises(FetchError) as error:
        AptRoot(folder, Progress(lambda _: None))
    assert error.value.what.startswith("apt's configuration cannot name a folder whose path has a quotation mark")
    assert error.value.remedies == ("set NETNS_CACHE to another folder",)
    assert not folder.exists()
