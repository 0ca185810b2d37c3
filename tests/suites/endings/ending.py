"""A plugin that ends its run, or waits to be ended, when the run has come to a stage.

CENSUS_STAGE names the stage, CENSUS_ACT what is done there, CENSUS_MARK the file that tells that the stage is reached.
CENSUS_WHERE is the process that acts: a worker of xdist by its name, or "main".
"""

import atexit
import ctypes
import os
import pathlib
import resource
import signal
import sys
import time

import pytest

STAGE, ACT = os.environ["CENSUS_STAGE"], os.environ["CENSUS_ACT"]
MARK = pathlib.Path(os.environ["CENSUS_MARK"])
IS_HERE = os.environ["CENSUS_WHERE"] == os.environ.get("PYTEST_XDIST_WORKER", "main")


def raise_error():
    raise RuntimeError("the end")


def interrupt():
    raise KeyboardInterrupt


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))


def limit_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))


def limit_processes():
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))


ACTS = {
    "go": lambda: None,
    "wait": lambda: time.sleep(600),
    "raise": raise_error,
    "interrupt": interrupt,
    "sys_exit": lambda: sys.exit(3),
    "os_exit": lambda: os._exit(3),
    "pytest_exit": lambda: pytest.exit("the end", 3),
    "segfault": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "sigterm": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "sigkill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exec": lambda: os.execvp("true", ["true"]),
    "memory": limit_memory,
    "files": limit_files,
    "processes": limit_processes,
}


def reach(stage):
    if stage == STAGE and IS_HERE and not MARK.exists():
        MARK.write_text(str(os.getpid()))
        ACTS[ACT]()


def pytest_configure():
    reach("configure")


def pytest_collection_modifyitems():
    reach("collection")


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef):
    reach({"netns": "sandbox", "netns_mysqld": "boot"}.get(fixturedef.argname, "fixture"))
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup():
    result = yield
    reach("setup")
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    reach("call")
    result = yield
    reach("called")
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown():
    reach("teardown")
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish():
    reach("session_end")
    return (yield)


def pytest_unconfigure():
    reach("unconfigure")


reach("import")
atexit.register(reach, "exit")
