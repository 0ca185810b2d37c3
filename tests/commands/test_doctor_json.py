"""`netns-mysql doctor --json`: each prerequisite with what was found and the remedies."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "pytest_netns_mysql.cli", "doctor", "--json"]


def test_each_prerequisite_has_a_name_a_result_and_remedies() -> None:
    result = subprocess.run(COMMAND, capture_output=True, text=True)
    found = json.loads(result.stdout)
    assert (result.returncode, found["ok"]) == (0, True)
    assert {"kernel", "sandbox", "network", "mysqld", "cache"} <= {each["name"] for each in found["tests"]}
    assert [each["name"] for each in found["own_server"]] == ["kernel", "mysqld", "mysql", "mysqlxtest"]
    for each in (*found["tests"], *found["own_server"]):
        assert set(each) == {"name", "ok", "state", "found", "remedies"}
        assert each["ok"]
        assert each["found"]


def test_what_is_missing_has_a_remedy_and_the_exit_code_is_one(tmp_path: Path) -> None:
    result = subprocess.run([*COMMAND, "--cache", "/proc/nowhere"], capture_output=True, text=True)
    found = json.loads(result.stdout)
    assert (result.returncode, found["ok"]) == (1, False)
    cache: dict[str, Any] = next(each for each in found["tests"] if each["name"] == "cache")
    assert (cache["ok"], cache["state"]) == (False, "missing")
    assert cache["found"].endswith(": cannot be written")
    assert cache["remedies"] == ["set NETNS_CACHE to a folder that you can write"]
