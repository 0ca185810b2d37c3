"""`netns-mysql matrix`: which cells it prints, where its settings come from, and that pytest takes what it prints."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SEVERAL = '[topology.shop.namespaces]\nshop = "203.0.113.2/24"\n[topology.office.namespaces]\noffice = "192.0.2.2/24"\n'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project without any setting."""
    for name in [name for name in os.environ if name.startswith("NETNS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest_netns_mysql.cli", "matrix", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def cells(*arguments: str) -> list[dict[str, Any]]:
    result = run(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("\n") == 1  # GITHUB_OUTPUT takes a line for each value
    printed = json.loads(result.stdout)
    assert printed.keys() == {"include"}
    found: list[dict[str, Any]] = printed["include"]
    return found


def pairs(*arguments: str) -> list[tuple[str, str]]:
    return [(cell["topology"], cell["mysqld"]) for cell in cells(*arguments)]


def test_the_default_is_one_cell() -> None:
    assert cells() == [{"name": "red-blue on auto", "topology": "red-blue", "mysqld": "auto"}]


def test_each_topology_has_a_cell_for_each_server() -> None:
    assert cells("--topology", "nat, cluster", "--mysqld", "mariadb, docker://mysql:8.4") == [
        {"name": "nat on mariadb", "topology": "nat", "mysqld": "mariadb"},
        {"name": "nat on docker-mysql-8.4", "topology": "nat", "mysqld": "docker://mysql:8.4"},
        {"name": "cluster on mariadb", "topology": "cluster", "mysqld": "mariadb"},
        {"name": "cluster on docker-mysql-8.4", "topology": "cluster", "mysqld": "docker://mysql:8.4"},
    ]


def test_a_file_of_several_topologies_gives_a_cell_for_each(project: Path) -> None:
    (project / "nets.toml").write_text(SEVERAL)
    assert [cell["topology"] for cell in cells("--topology", "nets.toml,nat")] == [
        "nets.toml::shop",
        "nets.toml::office",
        "nat",
    ]
    assert pairs("--topology", "nets.toml::office") == [("nets.toml::office", "auto")]


def test_a_folder_with_compose_files_stays_a_folder(project: Path) -> None:
    (project / "shop").mkdir()
    (project / "shop" / "compose.yaml").write_text("services: {db: {image: mysql}}")
    (project / "shop" / "compose.override.yaml").write_text("services: {app: {image: app}}")
    assert cells("--topology", "shop") == [{"name": "shop on auto", "topology": "./shop", "mysqld": "auto"}]
    assert pairs("--topology", "shop/compose.yaml") == [("shop/compose.yaml", "auto")]
    (project / "pytest.ini").write_text("[pytest]\nnetns_topology = ./shop, nat\n")
    assert pairs() == [("./shop", "auto"), ("nat", "auto")]


def test_shards_give_each_cell_several_jobs_for_pytest_split() -> None:
    found = cells("--topology", "nat,cluster", "--shards", "2")
    assert found[:2] == [
        {"name": "nat on auto 1 of 2", "topology": "nat", "mysqld": "auto", "splits": 2, "group": 1},
        {"name": "nat on auto 2 of 2", "topology": "nat", "mysqld": "auto", "splits": 2, "group": 2},
    ]
    assert [cell["name"] for cell in found[2:]] == ["cluster on auto 1 of 2", "cluster on auto 2 of 2"]
    result = run("--shards", "0")
    assert result.returncode == 2
    assert "error: argument --shards: it must be a number from 1 on, got '0'\n" in result.stderr


def test_gitlab_gets_the_key_parallel_of_a_job() -> None:
    rows = json.loads(run("--format", "gitlab", "--topology", "nat,cluster").stdout)["parallel"]["matrix"]
    assert rows == [
        {"NETNS_TOPOLOGY": "nat", "NETNS_MYSQLD": "auto"},
        {"NETNS_TOPOLOGY": "cluster", "NETNS_MYSQLD": "auto"},
    ]
    rows = json.loads(run("--format", "gitlab", "--shards", "2").stdout)["parallel"]["matrix"]
    assert rows == [
        {"NETNS_TOPOLOGY": "red-blue", "NETNS_MYSQLD": "auto", "SPLITS": "2", "GROUP": ["1", "2"]},
    ]


def test_a_topology_file_in_the_folder_is_found(project: Path) -> None:
    (project / "netns-topology.toml").write_text(SEVERAL)
    assert [cell["name"] for cell in cells()] == ["shop on auto", "office on auto"]


def test_names_are_safe_and_unique(project: Path) -> None:
    (project / "a b:c*.toml").write_text('[namespaces]\nshop = "203.0.113.2/24"\n')
    servers = "/opt/mysql-8.4/bin/mysqld,opt/mysql-8.4/bin/mysqld,external:db.test:3306,external:[2001:db8::1]:3306"
    names = [cell["name"] for cell in cells("--topology", "a b:c*.toml", "--mysqld", servers)]
    assert names == [
        "a b-c- on opt-mysql-8.4-bin-mysqld",
        "a b-c- on opt-mysql-8.4-bin-mysqld-2",
        "a b-c- on external-db.test-3306",
        "a b-c- on external-2001-db8-1-3306",
    ]
    assert all(re.fullmatch(r"[\w. -]+", name) for name in names)


PLAIN = "netns_topology = nat,nets/all.toml\nnetns_mysqld = auto,mariadb\n"
TOML = 'netns_topology = "nat,nets/all.toml"\nnetns_mysqld = "auto,mariadb"\n'
INI = {
    "pytest.ini": f"[pytest]\n{PLAIN}",
    "tox.ini": f"[tox]\n[pytest]\n{PLAIN}",
    "setup.cfg": f"[tool:pytest]\n{PLAIN}",
    "pyproject.toml": f"[tool.pytest.ini_options]\n{TOML}",
}


@pytest.mark.parametrize("name", INI)
@pytest.mark.parametrize("place", [".", "tests"])
def test_the_ini_file_states_the_matrix(project: Path, monkeypatch: pytest.MonkeyPatch, name: str, place: str) -> None:
    (project / name).write_text(INI[name])
    for folder in ("nets", "tests"):
        (project / folder).mkdir()
    (project / "nets" / "all.toml").write_text(SEVERAL)
    monkeypatch.chdir(project / place)
    file = os.path.relpath("nets/all.toml", place)
    names = ["nat", f"{file}::shop", f"{file}::office"]
    assert pairs() == [(topology, server) for topology in names for server in ("auto", "mariadb")]


def test_the_nearest_setting_wins(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "pytest.ini").write_text(INI["pytest.ini"])
    monkeypatch.setenv("NETNS_TOPOLOGY", "isolated")
    assert pairs() == [("isolated", "auto"), ("isolated", "mariadb")]
    assert pairs("--topology", "cluster", "--mysqld", "auto") == [("cluster", "auto")]


def test_pytest_runs_each_cell(project: Path) -> None:
    """From the same folder, and over the ini file, which has several."""
    (project / "pytest.ini").write_text("[pytest]\nnetns_topology = nets.toml,nat\n")
    (project / "nets.toml").write_text(SEVERAL)
    (project / "test_it.py").write_text("def test_it(netns): print('topology', netns.topology.name)\n")
    seen = []
    for cell in cells():
        options = [f"--netns-topology={cell['topology']}", f"--netns-mysqld={cell['mysqld']}", "-p", "no:asyncio"]
        result = subprocess.run([sys.executable, "-m", "pytest", "-s", *options], capture_output=True, text=True)
        assert result.returncode == 0, result.stdout
        seen += re.findall(r"topology (\w+)\n", result.stdout)
    assert seen == ["shop", "office", "nat"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["--mysqld", "auto,,mariadb"],
            "netns_mysqld = 'auto,,mariadb': a name is missing beside a comma\n"
            "  where: command line --mysqld\n"
            "  do: name each server once, with one comma between two\n",
        ),
        (
            ["--mysqld", "auto,auto"],
            "netns_mysqld = 'auto,auto': auto occurs twice\n"
            "  where: command line --mysqld\n"
            "  do: name each server once, with one comma between two\n",
        ),
        (
            ["--topology", "nat,nat"],
            "two topologies are called nat\n"
            "  where: command line --topology\n"
            "  tried: preset nat\n"
            "  tried: preset nat\n"
            "  do: choose it once\n",
        ),
    ],
)
def test_a_wrong_setting_is_an_error(arguments: list[str], text: str) -> None:
    result = run(*arguments)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", f"netns-mysql: {text}")


def test_errors_in_the_ini_file_name_the_file(project: Path) -> None:
    ini = project / "pytest.ini"
    ini.write_text("[pytest]\nnetns_topology = red-blu\n")
    assert run().stderr.startswith(
        f"netns-mysql: there is no topology 'red-blu'\n  where: netns_topology in {ini}\n  tried: presets: "
    )
    ini.write_text("[pytest\n")
    assert run().stderr.startswith("netns-mysql: cannot read the ini file: ")
    ini.unlink()
    (project / "pyproject.toml").write_text("[tool.pytest.ini_options]\nnetns_topology = ['nat', 'cluster']\n")
    assert run().stderr == (
        "netns-mysql: netns_topology must be text, got ['nat', 'cluster']\n"
        f"  where: {project / 'pyproject.toml'}\n"
        "  do: put the value in quotes\n"
    )
    (project / "setup.cfg").write_text("[pytest]\n")
    (project / "pyproject.toml").unlink()
    assert "[pytest] section in setup.cfg files is no longer supported" in run().stderr
