"""A conftest.py whose hook leaves the thread in a network namespace of its own after each test."""

from pytest_netns_mysql.kernel.namespaces import syscalls


def pytest_runtest_logfinish():
    syscalls.unshare(syscalls.CLONE_NEWNET)
