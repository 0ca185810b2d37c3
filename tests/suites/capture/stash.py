import pytest

from pytest_netns_mysql.run.stash import CAPTURE_FILE


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    file = item.stash.get(CAPTURE_FILE, None)
    if call.when == "call":
        print("FILE", report.outcome, file and (file.name, file.exists()))
    return report
