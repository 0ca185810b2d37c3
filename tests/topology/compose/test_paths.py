"""The paths in compose files: written with dots, and from which folder they start."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_netns_mysql.errors import TopologyError
from pytest_netns_mysql.topology import load
from tests.topology.compose.conftest import Read, Refused

pytestmark = pytest.mark.as_user


def test_a_file_that_includes_itself_by_dots_is_told(refused: Refused, folder: Path) -> None:
    text = "include: [./init/../compose.yaml]\nservices: {db: {image: mysql}}"
    assert refused(text, **{"init/1.sql": ""}) == (
        "compose files include each other\n"
        "  where: compose.yaml\n"
        "  tried: compose.yaml\n"
        "  tried: compose.yaml\n"
        "  do: remove one of the includes"
    )


def test_a_service_that_extends_itself_by_dots_is_told(refused: Refused) -> None:
    assert refused("services: {db: {image: mysql, extends: {file: ../shop/compose.yaml, service: db}}}") == (
        "the service db extends itself\n  where: compose.yaml, line 1: services.db.extends\n  do: remove it"
    )


def test_a_file_that_is_merged_and_extended_has_paths_of_both_folders(
    folder: Path, write: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        {
            "compose.yaml": "services: {db: {extends: {file: base/base.yaml, service: base}}}",
            "base/base.yaml": "services: {base: {image: mysql, volumes: ['./init:/docker-entrypoint-initdb.d']}}",
            "base/init/1.sql": "",
            "init/2.sql": "",
        }
    )
    monkeypatch.setenv("COMPOSE_FILE", "compose.yaml:base/base.yaml")
    assert load(str(folder)).mysqld.load == ("base/init", "init")


def test_both_forms_of_extra_hosts_are_merged(folder: Path, write: Callable[..., None]) -> None:
    write(
        {
            "compose.yaml": "services: {db: {image: mysql, extra_hosts: ['a.test=192.0.2.1']}}",
            "compose.override.yaml": "services: {db: {extra_hosts: {b.test: [192.0.2.2, '2001:db8::2']}}}",
        }
    )
    hosts = load(str(folder)).hosts
    assert (hosts["a.test"], hosts["b.test"]) == (("192.0.2.1",), ("192.0.2.2", "2001:db8::2"))


def test_a_variable_that_names_no_file_counts_as_none(
    read: Read, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topology = read("services: {db: {image: mysql}}")
    monkeypatch.setenv("COMPOSE_FILE", ":")
    assert load(str(folder)) == topology


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("include: [{}]", "the file {} to include"),
        ("services: {{db: {{image: mysql, env_file: {}}}}}", "the file of variables {}"),
        ("services: {{db: {{image: mysql, extends: {{file: {}, service: x}}}}}}", "the file {} to extend"),
    ],
)
@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/dev/zero", "is not a regular file, but a device, a pipe or a socket"),
        ("/", "is a folder"),
        ("/nowhere", "does not exist"),
        (f"/{'x' * 300}", "cannot be accessed: File name too long"),
    ],
)
def test_what_is_no_file_is_told_with_the_reason(refused: Refused, text: str, what: str, path: str, why: str) -> None:
    assert refused(text.format(path)).startswith(f"{what.format(path)} {why}\n")


def test_a_compose_file_that_the_environment_names_must_be_a_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPOSE_FILE", "/dev/zero")
    with pytest.raises(TopologyError) as error:
        load(str(folder))
    assert str(error.value) == (
        "the compose file zero is not a regular file, but a device, a pipe or a socket\n"
        "  where: /dev/zero\n"
        "  do: correct the path, or COMPOSE_FILE"
    )


def test_nobody_waits_for_a_pipe(refused: Refused, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    files = {"inner.yaml": "services: {db: {image: mysql}}"}
    assert refused("include: [{path: inner.yaml, env_file: pipe}]", **files) == (
        "the file of variables cannot be read: it is not a regular file, but a device, a pipe or a socket\n"
        "  where: pipe\n"
        "  do: make it readable, in UTF-8"
    )
