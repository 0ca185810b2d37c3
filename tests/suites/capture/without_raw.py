from pytest_netns_mysql.kernel.namespaces import syscalls
from pytest_netns_mysql.kernel.namespaces.privileges import CAP_NET_RAW, effective_capabilities


def pytest_configure():
    syscalls.limit_capabilities(frozenset(), own=effective_capabilities() - {CAP_NET_RAW})
