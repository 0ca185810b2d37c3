"""Which workers of xdist do not share the controller's files, and the paths of files that xdist copies to them."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from pytest_netns_mysql.run.machines import moved
from pytest_netns_mysql.run.pytestoptions import has_only_remote_workers, has_remote_workers


@pytest.mark.parametrize(
    ("workers", "some", "only"),
    [
        (["popen"], False, False),
        (["2*popen//python=python3.12"], False, False),
        (["ssh=worker1"], True, True),
        (["3*ssh=ada@worker1//python=popen"], True, True),
        (["socket=192.0.2.9:8888"], True, True),
        (["popen//via=big"], True, True),
        (["popen//chdir=elsewhere"], True, True),
        (["popen", "ssh=worker1"], True, False),
        ([], False, False),
    ],
    ids=str,
)
def test_workers_without_the_controllers_files(workers: list[str], some: bool, only: bool) -> None:
    for options in (Namespace(tx=workers, dist="load"), Namespace(tx=workers, dist="no", distload=True)):
        assert (has_remote_workers(options), has_only_remote_workers(options)) == (some, only)
    assert not has_remote_workers(Namespace(tx=workers, dist="no"))
    assert not has_only_remote_workers(Namespace(tx=workers, dist="load", numprocesses=2))


def test_paths_of_copied_files_are_those_of_the_copy(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "nets").mkdir(parents=True)
    (project / "nat").mkdir()
    file, outside = project / "nets" / "all.toml", tmp_path / "outside.toml"
    file.touch()
    outside.touch()
    assert moved("nets/all.toml", project, [project]) == "project/nets/all.toml"
    assert moved(f"nat, {file}::shop", tmp_path, [project]) == "nat,project/nets/all.toml::shop"
    assert moved("nat", project, [project]) == "nat"
    assert moved("nets", project, [project]) == "project/nets"
    assert moved(str(outside), project, [project]) is None
    assert moved("missing.toml", project, [project]) == "missing.toml"
