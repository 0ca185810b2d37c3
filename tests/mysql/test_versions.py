"""Reading and writing versions."""

from __future__ import annotations

import pytest

from pytest_netns_mysql.mysql.versions import (
    Version,
    find_version,
    format_version,
    parse_package_version,
    parse_version_prefix,
)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("1:8.0.44-0ubuntu1", (8, 0, 44)),
        ("9.7.4-1+b2", (9, 7, 4)),
        ("1:10.11.6+maria~deb12", (10, 11, 6)),
        ("8.4", (8, 4, 0)),
    ],
)
def test_the_version_of_a_package(text: str, version: Version) -> None:
    assert parse_package_version(text) == version


@pytest.mark.parametrize(("text", "numbers"), [("8", (8,)), ("8.4", (8, 4)), ("8.0.22", (8, 0, 22))])
def test_a_version_prefix_has_one_to_three_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert parse_version_prefix(text) == numbers


@pytest.mark.parametrize("text", ["", "8.", ".4", "8.0.22.1", "eight", "8.x", "80000", "8.4\n", "\u0668"])
def test_other_texts_are_not_version_prefixes(text: str) -> None:
    assert parse_version_prefix(text) is None


def test_a_line_without_a_version_has_none() -> None:
    assert find_version("mysqld [OPTIONS]") is None


def test_a_version_is_written_with_dots() -> None:
    assert format_version((8, 0, 22)) == "8.0.22"
