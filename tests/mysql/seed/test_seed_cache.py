"""The seeds in the cache: recently used seeds are kept, older ones are removed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pytest_netns_mysql.mysql.seed import seed

BASE = "mysql-9.7.4-0123456789ab"
DAY = 86400.0


def made(folder: Path, name: str, *, age: float) -> Path:
    path = folder / name
    (path / "data").mkdir(parents=True)
    path.with_name(f"{name}.lock").touch()
    os.utime(path, (time.time() - age,) * 2)
    return path


@pytest.mark.parametrize(("ages", "kept"), [([DAY * day for day in range(1, 9)], 5), ([60.0 * n for n in range(8)], 8)])
def test_old_seeds_are_removed(tmp_path: Path, ages: list[float], kept: int) -> None:
    seeds = [made(tmp_path, f"{BASE}-{number:012}", age=age) for number, age in enumerate(ages)]
    made(tmp_path, "mysql-8.4.0-0123456789ab-000000000000", age=DAY * 100)
    seed._remove_old(seeds[0], BASE)
    assert [path for path in seeds if path.exists()] == seeds[:kept]
    assert len([path for path in tmp_path.iterdir() if path.suffix != ".lock"]) == kept + 1
    assert len(list(tmp_path.glob("*.lock"))) == kept + 1


def test_the_requested_seed_stays_whatever_its_age(tmp_path: Path) -> None:
    for number in range(1, 8):
        made(tmp_path, f"{BASE}-{number:012}", age=DAY)
    oldest = made(tmp_path, f"{BASE}-000000000000", age=DAY * 9)
    seed._remove_old(oldest, BASE)
    assert oldest.exists()
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 5
