import os
import resource

import pytest

from pytest_netns_mysql import CacheError, ServerStartError


@pytest.fixture
def limited(request):
    before = resource.getrlimit(request.param[0])
    resource.setrlimit(request.param[0], (request.param[1](), before[1]))
    yield
    resource.setrlimit(request.param[0], before)


FILES = resource.RLIMIT_NOFILE, lambda: max(map(int, os.listdir("/proc/self/fd"))) + 2
SIZE = resource.RLIMIT_FSIZE, lambda: 1 << 20


@pytest.mark.parametrize("limited", [FILES], indirect=True)
def test_files(netns_start_mysqld, limited):
    with pytest.raises(ServerStartError) as error:
        netns_start_mysqld()
    assert error.value.remedies == ("the limit on open files is too low: raise it, ulimit -n 1024",)


@pytest.mark.parametrize("limited", [SIZE], indirect=True)
def test_size(netns_start_mysqld, limited):
    with pytest.raises(CacheError) as error:
        netns_start_mysqld()
    cure = "the limit on file sizes was reached: raise it, ulimit -f unlimited"
    assert error.value.remedies == (cure,)
