"""A plugin of an inner suite: the report of each failing test has the explanation of its error."""

import pytest

from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.errornumbers import explain
from pytest_netns_mysql.run.runner import Runner
from pytest_netns_mysql.run.stash import session_of

BEGAN = pytest.StashKey[float]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "setup":
        item.stash[BEGAN] = call.start
    if call.excinfo is not None:
        session = session_of(item.config)
        network = session.networks.current
        (runner,) = (plugin for plugin in item.config.pluginmanager.get_plugins() if isinstance(plugin, Runner))
        servers = [server for server in session.servers.running if server.network is network]
        cleaner = runner._cleaner
        context = Context(
            network,
            servers,
            began=item.stash[BEGAN],
            put_away=cleaner.put_away,
            changes_of_network=cleaner.changes_of_network,
        )
        found = explain(call.excinfo.value, context)
        lines = [] if found is None else [found.what, *found.details, *found.remedies]
        report.sections.append(("explanation", "\n".join(["EXPLAINED", *lines])))
    return report
