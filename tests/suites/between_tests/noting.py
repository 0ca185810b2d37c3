"""A conftest.py whose hooks note where they run: what a plugin sees that reports results over the network."""

import json
import os
from pathlib import Path

import pytest

PLACES = []


def place():
    status = os.stat("/")
    namespaces = [os.readlink(f"/proc/thread-self/ns/{kind}") for kind in ("net", "mnt")]
    return [*namespaces, status.st_dev, status.st_ino, os.getcwd()]


def note(hook):
    PLACES.append((hook, place()))


def pytest_collection_finish():
    note("pytest_collection_finish")


def pytest_runtest_logstart():
    note("pytest_runtest_logstart")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    note("pytest_runtest_setup, first")


@pytest.hookimpl(specname="pytest_runtest_setup", trylast=True)
def after_setup():
    note("pytest_runtest_setup, last")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown():
    note("pytest_runtest_teardown, first")


@pytest.hookimpl(specname="pytest_runtest_teardown", trylast=True)
def after_teardown():
    note("pytest_runtest_teardown, last")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport():
    note("pytest_runtest_makereport")


def pytest_runtest_logreport():
    note("pytest_runtest_logreport")


def pytest_runtest_logfinish():
    note("pytest_runtest_logfinish")


def pytest_keyboard_interrupt():
    note("pytest_keyboard_interrupt")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish():
    note("pytest_sessionfinish")
    Path(os.environ["PLACES"]).write_text(json.dumps(PLACES))
