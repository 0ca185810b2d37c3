import sys


def test_it():
    heavy = {"pyroute2", "mysql", "testcontainers", "filelock", "asyncio"}
    assert not heavy & {name.split(".")[0] for name in sys.modules}
    own = "pytest_net" + "ns_mysql."  # in one word it would say that there are such tests
    ours = {name.removeprefix(own) for name in sys.modules if name.startswith(own)}
    ours -= {"kernel", "kernel.namespaces", "kernel.namespaces.privileges"}  # which only read /proc
    assert not any(name.split(".")[0] in ("kernel", "mysql", "topology", "endpoint") for name in ours)
