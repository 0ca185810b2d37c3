"""What pytest-rerunfailures does, in short: a marked test that fails runs again, up to three times in all."""

import pytest
from _pytest.runner import runtestprotocol

# No fixture: those of the session are torn down between the runs of the last test.
RUNS: dict[str, list[int]] = {}


@pytest.fixture
def runs(request):
    return RUNS.setdefault(request.node.nodeid, [])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    if item.get_closest_marker("reruns") is None:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for _ in range(3):
        item._initrequest()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        if not any(report.failed for report in reports):
            break
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
