"""Sessions with servers in containers, which the engine would keep: a moment later nothing of them is left."""

from __future__ import annotations

import os
import random
from functools import partial
from pathlib import Path

import pytest

from pytest_netns_mysql import settings
from tests.mysql.containers.conftest import engine, image
from tests.stress.endings import ways
from tests.stress.endings.session import Session
from tests.stress.endings.test_endings import AREA, chosen, faults_of
from tests.support.stress import check, scaled

__all__ = ["engine", "image"]  # fixtures

pytestmark = [pytest.mark.as_user, pytest.mark.slow]

_SEED = int(os.environ.get("ENDINGS_SEED", "20"))
_STAGES = ("boot", "setup", "call", "teardown", "session_end", "exit")


def test_sessions_with_containers_leave_nothing(tmp_path: Path, image: str) -> None:
    randomly = random.Random(_SEED)
    groups = [ways.by_signals(), ways.on_the_way(0.5 + randomly.random()), ways.inside()]
    groups = [[each for each in group if each.stage in _STAGES] for group in groups]
    cache = settings.resolve().cache
    sessions = (
        partial(Session, tmp_path / str(number), cache, ending, "small", (f"--netns-mysqld={image}",))
        for number, ending in enumerate(chosen(scaled(1, 30), *groups))
    )
    check(AREA, "sessions with a server in a container that end in every way leave nothing", *faults_of(sessions))
