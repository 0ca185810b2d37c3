"""The commands that run on a machine of its own, see ``ownmachine``, and their environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pytest_netns_mysql import settings

ROOT = Path(__file__).parents[3]
NETNS_MYSQL = str(Path(sys.executable).with_name("netns-mysql"))


def environment(folder: Path, *kept: str) -> dict[str, str]:
    """Return the environment of commands on a machine of its own, on which some folders of this machine are kept."""
    home = Path("/root") if os.geteuid() == 0 else folder / "home"
    home.mkdir(exist_ok=True)
    cache = str(settings.resolve().cache.parent)
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CACHE_HOME": cache,
        "KEPT": os.pathsep.join({str(ROOT), sys.prefix, sys.base_prefix, str(folder), cache, *kept}),
        "MARKS": str(folder),
        "CI": "true",
    }


def pytest_on(*arguments: str) -> list[str]:
    """Return a command line of pytest, whose temporary folders are below the folder that it runs in."""
    return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--basetemp=base", *arguments]
