import os

import pytest

HOST = int(os.environ.setdefault("HOST_NETWORK", str(os.stat("/proc/thread-self/ns/net").st_ino)))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    is_plain = not any(item.iter_markers("netns"))
    before = os.stat("/proc/thread-self/ns/net").st_ino
    assert before == HOST or not is_plain, item
    yield
    after = os.stat("/proc/thread-self/ns/net").st_ino
    assert after in (HOST, before) or not is_plain, item
    return True
