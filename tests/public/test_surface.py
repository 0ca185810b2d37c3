"""The public names are those of surface.txt: a change is seen, and accepted on purpose."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.public import surface

SCRIPT = Path(surface.__file__)


def test_the_public_names_and_their_signatures_are_those_that_were_accepted() -> None:
    if changes := surface.difference():
        pytest.fail(f"the public names have changed:\n{changes}\n\naccept this by {surface.ACCEPT}", pytrace=False)


def test_a_change_is_shown_as_a_diff_with_the_way_to_accept_it(tmp_path: Path) -> None:
    """A copy of the script beside another text: one line is missing, one is too many."""
    text = (
        surface.FILE.read_text()
        .replace("    name: str\n", "", 1)
        .replace("[hooks]\n", "[hooks]\npytest_netns_gone() -> None\n")
    )
    (tmp_path / "surface.txt").write_text(text)
    copy = tmp_path / SCRIPT.name
    copy.write_text(SCRIPT.read_text())
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    command = [sys.executable, str(copy)]
    check = subprocess.run([*command, "--check"], capture_output=True, text=True, env=environment, check=False)
    assert check.returncode == 1
    assert "\n+    name: str\n" in check.stderr
    assert "\n-pytest_netns_gone() -> None\n" in check.stderr
    assert check.stderr.endswith(f"accept this by {surface.ACCEPT}\n")
    subprocess.run(command, env=environment, check=True)
    assert (tmp_path / "surface.txt").read_text() == surface.FILE.read_text()


def test_it_has_each_kind_of_public_name() -> None:
    text = surface.FILE.read_text()
    for line in (
        "class pytest_netns_mysql.Topology(Description)",
        "pytest_netns_mysql.factories.mysqld(",
        "netns_mysqld: MySQLServer (scope session)",
        "pytest_netns_server_spec(config: pytest.Config,",
        "netns(*names, topology=None)",
        "--netns-topology | NETNS_TOPOLOGY | netns_topology = ",
        "netns-mysql doctor\n    --json",
    ):
        assert line in text
