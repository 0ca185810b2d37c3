import os

import pytest


def place():
    """The network and the mount namespace of the thread, as the kernel tells them."""
    return tuple(os.stat(f"/proc/thread-self/ns/{kind}").st_ino for kind in ("net", "mnt"))


HOST = int(os.environ.setdefault("HOST_NETWORK", str(place()[0])))
REST: pytest.StashKey[tuple[int, ...]] = pytest.StashKey()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    is_plain = not any(item.iter_markers("netns")) and isinstance(item, pytest.Function)
    before = place()
    assert before[0] == HOST or not is_plain, item
    yield
    after = place()
    assert after[0] == HOST or not is_plain, item
    # Between tests the thread stands in one place, which is the host's network until the first netns test.
    rest = item.session.stash.get(REST, None)
    if rest is not None:
        assert after == rest, item
    elif not is_plain:
        item.session.stash[REST] = after
    return True
