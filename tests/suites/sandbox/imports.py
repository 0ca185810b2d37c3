import sys


def test_it():
    heavy = {"pyroute2", "mysql", "testcontainers", "asyncio"}
    assert not heavy & {name.split(".")[0] for name in sys.modules}
    own = "pytest_net" + "ns_mysql."  # in one word it would say that there are such tests
    ours = {name.removeprefix(own) for name in sys.modules if name.startswith(own)}
    rooms = {"collection", "kernel", "kernel.namespaces", "run"}
    search = {"run.search"}  # an ordinary user's run looks for the word above
    assert ours - rooms - search == {
        *("exports", "plugin", "fixtures", "hookspecs", "settingtable", "errors"),
        *("collection.netnstests", "run.ownfixtures", "run.pytest_internals", "run.pytestoptions", "run.stash"),
        *("run.wanted", "kernel.namespaces.privileges"),
    }
