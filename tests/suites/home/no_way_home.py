import pytest

from pytest_netns_mysql.kernel.namespaces import syscalls


@pytest.mark.netns
def test_stray(netns):
    netns["red"].__enter__()
    syscalls.limit_capabilities(frozenset())


@pytest.mark.netns
def test_never_run():
    pass
