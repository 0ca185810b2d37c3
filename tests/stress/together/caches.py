"""Caches for tests that damage, share and take them away; and programs that use a cache in a process of their own."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

from pytest_netns_mysql.mysql.dialects.options import initial
from pytest_netns_mysql.mysql.kinds.local import Distribution, find
from pytest_netns_mysql.mysql.mysqld import copying, template
from pytest_netns_mysql.settings import resolve
from tests.stress.machines_without import filters
from tests.support.processes import PATIENCE

ROOT = Path(__file__).parents[3]
AREA = "Two of everything at once"

MAKE = """
import sys
from pathlib import Path
from pytest_netns_mysql.errors import NetnsError
from pytest_netns_mysql.mysql.dialects.options import initial
from pytest_netns_mysql.mysql.kinds.local import find
from pytest_netns_mysql.mysql.mysqld import template
cache, program = map(Path, sys.argv[1:])
try:
    print(template.template(find(str(program), cache=cache, progress=print), initial({}), cache=cache, progress=print))
except NetnsError as error:
    sys.exit(str(error))
"""
"""A program that makes a template in a cache, for a server."""


def server_here() -> Distribution:
    """Return the MySQL server that the tests use, named by its path."""
    cache = resolve().cache
    return find(str(find("auto", cache=cache, progress=print).mysqld), cache=cache, progress=print)


def new_cache(folder: Path, server: Distribution | None = None) -> Path:
    """Return a new cache, with the template of a server if one is given."""
    templates = folder / "templates"
    templates.mkdir(parents=True)
    folder.chmod(0o700)
    if server is not None:
        made = template.template(server, initial({}), cache=resolve().cache, progress=print)
        copying.copy(made, templates / made.name)
    return folder


def fake_server(cache: Path, *, name: str = "mysql-9.9.9-aaaaaaaa") -> Path:
    """Put a fetched server into a cache whose program is a script that prints a version, and return its folder."""
    folder = cache / "servers" / name
    (folder / "bin").mkdir(parents=True)
    (folder / "lib").mkdir()
    program = folder / "bin" / "mysqld"
    line = "mysqld  Ver 9.9.9 for Linux on x86_64 (nobody's)"
    program.write_text(f'#!/bin/sh\necho "{line}"\n')
    program.chmod(0o755)
    record = {"product": "mysql", "program": "mysqld", "folder": str(folder), "machine": os.uname().machine}
    (folder / "server.json").write_text(json.dumps({**record, "version_line": line}))
    return folder


def start(code: str, *arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
    """Start a Python program that has this project's package."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]), **environment},
    )


def netns_mysql(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program netns-mysql."""
    command = [sys.executable, "-m", "pytest_netns_mysql.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=5 * PATIENCE)


def seeded(test: str) -> tuple[random.Random, str]:
    """Return a generator of random choices, and how to have the same choices again; ``STRESS_SEED`` sets the seed."""
    seed = os.environ.get("STRESS_SEED") or str(random.SystemRandom().randrange(1 << 32))
    return random.Random(f"{test} {seed}"), f"STRESS_SEED={seed}"


def refuse_flock(error: int) -> None:
    """Have the kernel answer each flock(2) of this process with an error, as file systems without locks do."""
    filters.refuse([filters.Refusal("flock", error)])
