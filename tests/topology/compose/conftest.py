"""Compose files in folders of their own, read with a known environment."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.topology import Topology, load

Read = Callable[..., Topology]
Refused = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project called shop; no variable of Compose is set."""
    for name in os.environ:
        if name.startswith(("COMPOSE_", "MYSQL_", "SHOP_")):
            monkeypatch.delenv(name)
    path = tmp_path / "shop"
    path.mkdir()
    return path


@pytest.fixture
def write(folder: Path) -> Callable[..., None]:
    """A function that writes files into the folder, by their names."""

    def write(files: dict[str, str]) -> None:
        for name, text in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    return write


@pytest.fixture
def read(folder: Path, write: Callable[..., None]) -> Read:
    """A function that writes a compose file and others, and returns the topology."""

    def read(text: str, **files: str) -> Topology:
        write({"compose.yaml": text, **files})
        return load(str(folder / "compose.yaml"))

    return read


@pytest.fixture
def refused(folder: Path, read: Read) -> Refused:
    """A function that writes a compose file and others, and returns the error, with the folder left out of paths."""

    def refused(text: str, **files: str) -> str:
        with pytest.raises(NetnsError) as error:
            read(text, **files)
        return str(error.value).replace(f"{folder}/", "")

    return refused
