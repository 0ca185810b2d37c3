"""The examples for CI: their schemas hold, and the commands in them run, in a small project.

They run where check-jsonschema and tox are: in the lint environment. What only a CI's machine can do is not run:
sysctl, AppArmor, installing, and the jobs whose server is an image from a registry.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_netns_mysql import settings

pytestmark = pytest.mark.lint_tools

# The lint environment has it. Elsewhere tests/conftest.py ignores this file; `-m lint_tools` without a test fails.
yaml = importlib.import_module("ruamel.yaml")

CI = Path(__file__).parent.parent / "examples" / "ci"
OWN = Path(__file__).parent.parent / ".github"  # of this repository
GITHUB = CI / ".github" / "workflows" / "netns.yml"
GITLAB = CI / ".gitlab-ci.yml"
RUN = ("netns-mysql ", "python -m pytest", "cells=", "shards=", "echo ")
AS_ROOT = 'sudo --preserve-env=CI,NETNS_CACHE "$(command -v python)"'
NOT_HERE = (
    "python -m pip install ",
    "python3 -m venv ",
    "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    "sudo apparmor_parser --remove /etc/apparmor.d/usr.sbin.mysqld ",
    'sudo chown -R "$USER" .netns-cache',
)


def loaded(file: Path) -> Any:
    return yaml.YAML(typ="safe").load(file)


WORKFLOW = loaded(GITHUB)
PIPELINE = loaded(GITLAB)
JOBS = {name: job for name, job in PIPELINE.items() if "script" in job}


def lines(job: dict[str, Any]) -> Iterator[str]:
    """Yield the commands of a job of either, comments and what cannot run here left out."""
    for script in job.get("script") or [step.get("run", "") for step in job["steps"]]:
        for line in filter(None, map(str.strip, script.splitlines())):
            if line.startswith(AS_ROOT):
                yield line.replace(AS_ROOT, "python")
            elif line.startswith(RUN):
                yield line
            else:
                assert line.startswith(NOT_HERE), f"{line}: is it run here, or not?"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project with a matrix, whose cache is the user's, and stand in it."""
    for name in [name for name in os.environ if name.startswith("NETNS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    cache = settings.resolve().cache
    cache.mkdir(parents=True, exist_ok=True)
    (tmp_path / ".netns-cache").symlink_to(cache)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nnetns_topology = red-blue,dual-stack\nnetns_mysqld = auto\naddopts = -p no:asyncio\n"
    )
    (tmp_path / "test_it.py").write_text(
        "import pytest\n\n\n"
        '@pytest.mark.parametrize("number", [1, 2])\n'
        '@pytest.mark.netns("red")\n'
        "def test_where_we_come_from(netns_mysql, number):\n"
        "    with netns_mysql.cursor() as cursor:\n"
        '        cursor.execute("SELECT USER()")\n'
        '        assert cursor.fetchone()[0].startswith("red_user@")\n'
    )
    shutil.copytree(CI, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(commands: list[str], variables: dict[str, str]) -> str:
    """Run commands as GitHub and GitLab do, by a shell that ends at the first failure."""
    command = ["bash", "-e", "-o", "pipefail", "-c", "\n".join(commands)]
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables})
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def github_cells(project: Path, output: str = "cells") -> list[dict[str, Any]]:
    """Run the job that makes the matrix, and read an output as GitHub does."""
    file = project / "output"
    file.unlink(missing_ok=True)
    run([*lines(WORKFLOW["jobs"]["matrix"])], {"GITHUB_OUTPUT": str(file)})
    values = dict(line.split("=", 1) for line in file.read_text().splitlines())
    names = {name: f"${{{{ steps.matrix.outputs.{name} }}}}" for name in values}
    assert WORKFLOW["jobs"]["matrix"]["outputs"] == names
    cells: list[dict[str, Any]] = json.loads(values[output])["include"]
    return cells


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-workflows", GITHUB),
        ("custom.github-workflows-require-timeout", GITHUB),
        ("vendor.gitlab-ci", GITLAB),
        ("vendor.github-workflows", OWN / "workflows" / "release.yml"),
        ("custom.github-workflows-require-timeout", OWN / "workflows" / "release.yml"),
        ("vendor.github-issue-forms", OWN / "ISSUE_TEMPLATE" / "bug.yml"),
        ("vendor.github-issue-forms", OWN / "ISSUE_TEMPLATE" / "feature.yml"),
        ("vendor.github-issue-config", OWN / "ISSUE_TEMPLATE" / "config.yml"),
        ("vendor.readthedocs", OWN.parent / ".readthedocs.yaml"),
    ],
)
def test_the_schema_holds(schema: str, file: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_the_matrix_job_gives_github_its_cells(project: Path) -> None:
    assert [cell["topology"] for cell in github_cells(project)] == ["red-blue", "dual-stack"]
    strategy = WORKFLOW["jobs"]["rootless"]["strategy"]["matrix"]
    assert strategy["cell"] == "${{ fromJSON(needs.matrix.outputs.cells).include }}"


def test_gitlab_has_the_cells_that_the_matrix_job_would_give(project: Path) -> None:
    (cells,) = PIPELINE[".cells"]["parallel"]["matrix"]
    written = [(topology, server) for topology in cells["NETNS_TOPOLOGY"] for server in cells["NETNS_MYSQLD"]]
    assert written == [(cell["topology"], cell["mysqld"]) for cell in github_cells(project)]


def test_the_shards_are_those_of_the_matrix_command(project: Path) -> None:
    assert WORKFLOW["jobs"]["shards"]["strategy"]["matrix"] == "${{ fromJSON(needs.matrix.outputs.shards) }}"
    printed = json.loads(run(["netns-mysql matrix --shards 2 --format gitlab"], {}))["parallel"]["matrix"]
    (written,) = PIPELINE[".shards"]["parallel"]["matrix"]
    assert [row["NETNS_TOPOLOGY"] for row in printed] == written["NETNS_TOPOLOGY"]
    assert all([row["NETNS_MYSQLD"]] == written["NETNS_MYSQLD"] for row in printed)
    assert all([row["SPLITS"]] == written["SPLITS"] and row["GROUP"] == written["GROUP"] for row in printed)


def test_every_job_runs_pytest_or_makes_the_matrix() -> None:
    for name, job in [*WORKFLOW["jobs"].items(), *JOBS.items()]:
        assert any(line.startswith(("python -m pytest", "cells=")) for line in lines(job)), name


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in WORKFLOW["jobs"] if name not in ("matrix", "server-in-a-container")])
def test_a_job_of_github_passes(project: Path, name: str) -> None:
    job = WORKFLOW["jobs"][name]
    cells = github_cells(project, "shards" if name == "shards" else "cells")[:2] if "needs" in job else [{}]
    for cell in cells:
        variables = {**WORKFLOW["env"], **job.get("env", {})}
        for key, value in cell.items():
            for expression in (f"${{{{ matrix.cell.{key} }}}}", f"${{{{ matrix.{key} }}}}"):
                variables = {name: written.replace(expression, str(value)) for name, written in variables.items()}
        passed = {"shards": 1, "rootless": 2}.get(name, 4)  # of two tests, in a topology or in two
        assert re.search(rf"\b{passed} passed", run([*lines(job)], variables))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in JOBS if name != "server-in-a-container"])
def test_a_job_of_gitlab_passes(project: Path, name: str) -> None:
    (cells,) = PIPELINE[JOBS[name]["extends"]]["parallel"]["matrix"]
    variables = {**PIPELINE["variables"], **{key: values[-1] for key, values in cells.items()}}
    assert re.search(rf"\b{1 if name == 'shards' else 2} passed", run([*lines(JOBS[name])], variables))


def tox(*arguments: str) -> subprocess.CompletedProcess[str]:
    outer = ("TOX_", "_TOX", "PYTHONPATH", "VIRTUAL_ENV")  # this test may run in a tox of its own
    environment = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
    return subprocess.run([sys.executable, "-m", "tox", *arguments], capture_output=True, text=True, env=environment)


def test_tox_lets_settings_through_and_names_the_server(project: Path) -> None:
    result = tox("config", "-e", "py313-mariadb,py313-default", "-k", "set_env", "pass_env", "commands")
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("NETNS_MYSQLD=mariadb") == 1
    assert result.stdout.count("NETNS_*") == result.stdout.count("XDG_CACHE_HOME") == 2


@pytest.mark.slow
def test_tox_passes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With this version of the plugin, from a wheel, since the example takes what the index has."""
    wheels = project / "wheels"
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(wheels),
        str(CI.parents[1]),
    ]
    subprocess.run(command, check=True)
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("NETNS_CACHE", str(project / ".netns-cache"))
    result = tox("run", "-e", "py-default", "--", "-n", "2")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "4 passed" in result.stdout
