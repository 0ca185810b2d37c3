"""Each argument of what fixtures offer gets each odd value; the faults are written to a file."""

import os
import pathlib

import pytest
from oddvalues import VALUES, fault_of


def block(context):
    with context:
        pass


@pytest.mark.netns("red")
def test_each_argument(
    netns, netns_mysqld, netns_connect, netns_account, netns_argv, netns_engine, netns_connect_async
):
    red, link, server = netns["red"], netns.link("red"), netns_mysqld
    users = iter(range(10**6))
    calls = {
        "netns[]": lambda value: netns[value],
        "in netns": lambda value: value in netns,
        "netns.link()": netns.link,
        "netns.link(to=)": lambda value: netns.link("red", value),
        "netns.capture()": lambda value: block(netns.capture(value)),
        "netns.partition()": lambda value: block(netns.partition(value)),
        "netns.without_names()": lambda value: block(netns.without_names(value)),
        "link.without_address()": lambda value: block(link.without_address(value)),
        "run(drop_capabilities=)": lambda value: red.run(["true"], drop_capabilities=value),
        "argv()": netns_argv,
        "argv(..., )": lambda value: netns_argv("mysql", value),
        "account()": netns_account,
        "connect()": lambda value: netns_connect(value).close(),
        "explain_login()": server.explain_login,
        "explain_login(namespace=)": lambda value: server.explain_login("app", value),
        "explain_login(endpoint=)": lambda value: server.explain_login("app", "red", value),
        "access_matrix()": server.access_matrix,
        "endpoint()": server.endpoint,
        "endpoint(kind=)": lambda value: server.endpoint("red", value),
        "endpoint_for(kind=)": lambda value: server.endpoint_for("red", value),
        "program()": server.program,
        "restore()": server.restore,
        "server.connect(namespace=)": lambda value: server.connect(namespace=value).close(),
        "server.connect(endpoint=)": lambda value: server.connect(endpoint=value).close(),
        "issue()": server.tls.issue,
        "issue(names=)": lambda value: server.tls.issue("app", names=value),
    }
    for name in ("others", "direction", "port", "action"):
        calls[f"partition({name}=)"] = lambda value, name=name: block(netns.partition("red", **{name: value}))
    for name in ("account", "endpoint", "driver", "server", "user", "password", "database"):
        calls[f"connect({name}=)"] = lambda value, name=name: netns_connect(**{name: value}).close()
    for name in ("namespace", "account", "endpoint", "server"):
        calls[f"engine({name}=)"] = lambda value, name=name: netns_engine(**{name: value}).dispose()
        calls[f"connect_async({name}=)"] = lambda value, name=name: netns_connect_async(**{name: value})
        calls[f"argv({name}=)"] = lambda value, name=name: netns_argv("mysql", **{name: value})
    for name in ("host", "password", "grants", "schema", "require", "server"):
        calls[f"account({name}=)"] = lambda value, name=name: netns_account(f"u{next(users)}", **{name: value})
    step = 1 if os.environ.get("STRESS") == "long" else 13
    tried = [
        (label, call, value)
        for number, (label, call) in enumerate(calls.items())
        for value in VALUES[number % step :: step]
        if label != "connect(driver=)" or not callable(value)  # any function may be a driver
        if label != "connect(password=)" or not isinstance(value, (bytes, bytearray))  # as PyMySQL takes it
    ]
    # The server's own refusals are those of any client.
    faults = [
        fault
        for label, call, value in tried
        for fault in fault_of(lambda call=call, value=value: call(value), label, value)
        if not any(name in fault for name in ("ProgrammingError", "DatabaseError", "InterfaceError"))
    ]
    pathlib.Path("faults").write_text("\n".join([str(len(tried)), *faults]))
