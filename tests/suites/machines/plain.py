import os


def test_first():
    assert os.stat("/proc/thread-self/ns/net").st_ino == os.stat("/proc/self/ns/net").st_ino
    assert os.listdir("/run/netns") if os.path.exists("/run/netns") else True
