"""The rows of the table in docs/howto/plugins.md, each with the runs of the base suite that it stands for."""

from __future__ import annotations

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A plugin, or an option of pytest, that runs beside us.

    Attributes:
        plugins: The modules and entry points to load.
        variants: Other arguments, for each variant of the run.
        ini: Lines for the ini file.
        times: How often each test of the base suite runs.
        is_pytest8: Whether the run needs pytest 8.
    """

    plugins: tuple[str, ...] = ()
    variants: tuple[tuple[str, ...], ...] = ((),)
    ini: tuple[str, ...] = ()
    times: int = 1
    is_pytest8: bool = False


_WORKERS = "-n2"
_HTML = ("pytest_metadata.plugin", "pytest_html.fixtures", "pytest_html.plugin")
_COVERAGE = ("--cov=.", "--cov-report=")
_XDIST_VARIANTS = (
    *((_WORKERS, f"--dist={dist}") for dist in ("load", "worksteal", "loadscope", "loadfile", "loadgroup")),
    ("-n0",),
    (_WORKERS, "--maxprocesses=1"),
    (f"--tx=2*popen//python={sys.executable}", "--dist=load"),
)

ROWS = {
    "pytest-xdist": Row(("xdist",), _XDIST_VARIANTS),
    "pytest-asyncio": Row(("asyncio",), ini=("asyncio_default_fixture_loop_scope = function",)),
    "anyio": Row(("anyio",)),
    "pytest-timeout": Row(
        ("timeout",), (("--timeout=60", "--timeout-method=signal"), ("--timeout=60", "--timeout-method=thread"))
    ),
    "faulthandler_timeout": Row(ini=("faulthandler_timeout = 60",)),
    # With xdist, pytest-rerunfailures starts a server in a thread, before tests are collected.
    "pytest-rerunfailures": Row(("xdist", "rerunfailures"), (("--reruns=1",), ("--reruns=1", _WORKERS))),
    "pytest-randomly": Row(("xdist", "randomly"), ((), (_WORKERS, "--dist=loadfile"), ("-p", "no:randomly"))),
    "pytest-cov": Row(("xdist", "pytest_cov"), (_COVERAGE, (*_COVERAGE, _WORKERS))),
    # pytest-forked leaves files open, which pytest warns of.
    "pytest-forked": Row(("pytest_forked",), (("--forked", "-Wdefault"),), is_pytest8=True),
    "pytest-subtests": Row(("subtests",)),
    "pytest-benchmark": Row(("benchmark",)),
    "pytest-bdd": Row(("pytest-bdd",)),
    "pytest-repeat": Row(("pytest_repeat",), (("--count=2",), ("--count=2", "--repeat-scope=session")), times=2),
    "pytest-order": Row(("pytest_order",), ((), ("--order-after-ff",), ("--indulgent-ordering",))),
    "pytest-split": Row(("pytest_split.plugin",), (("--splits=1", "--group=1"),)),
    "pytest-html": Row(_HTML, (("--html=page.html", "--self-contained-html"),)),
    "hypothesis": Row(("hypothesispytest",)),
    "unittest": Row(variants=()),  # the base suite has no case of unittest
    "doctest": Row(variants=(("--doctest-modules",),)),
    "--lf, --ff, --sw, --pdb, -x": Row(variants=(("--ff",), ("--sw",), ("-x", "--pdb"))),
    "-W error": Row(),
    "pytest-sugar": Row(("pytest_sugar",)),
    "pytest-env": Row(("pytest_env.plugin",), ini=("env = SHOP=open",)),
    "pytest-mock": Row(("pytest_mock",)),
    "pytest-socket": Row(("pytest_socket",), (("--disable-socket",), ("--allow-hosts=127.0.0.1",))),
}
"""By the name in the table. Every run has warnings as errors."""
