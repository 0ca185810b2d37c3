"""An assertion about USER() or CURRENT_USER() that failed: the connection came from another address."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence

from pytest_netns_mysql.mysql.access.explanation import Origin
from pytest_netns_mysql.mysql.dialects.hostrules import AccountName
from pytest_netns_mysql.mysql.mysqld.attempts import Attempt
from pytest_netns_mysql.mysql.mysqld.instance import Instance
from pytest_netns_mysql.report.explanations.context import Context
from pytest_netns_mysql.report.explanations.loginaccounts import explainer_of, origin_of, picked_account, quoted
from pytest_netns_mysql.report.reportdata import Explanation

_VALUE = re.compile(r"([\w.$-]*)'?@'?([0-9a-fA-F:.]*[0-9a-fA-F]\b)")
_ACCOUNT = re.compile(r"([\w.$-]*)'?@'?([\w:./%-]+)")


_Opened = tuple[Attempt, str, Instance]
"""A connection that was opened, its origin, and its server."""


def wrong_origin(error: BaseException, context: Context) -> Explanation | None:
    """Explain an assertion about USER() or CURRENT_USER(), which compares the origin or the account of a connection.

    Args:
        error: The AssertionError, with the text that pytest gives it.
        context: The test and its network.
    """
    if not isinstance(error, AssertionError) or context.network is None:
        return None
    addresses = list(dict.fromkeys(found[2] for found in _VALUE.finditer(str(error)) if _is_address(found[2])))
    named = {(found[1], found[2]) for found in _ACCOUNT.finditer(str(error))}
    if not addresses and not named:
        return None
    opened = [
        (attempt, origin, server)
        for server in context.servers
        for attempt in server._attempts.since(context.began)
        if not attempt.error and (origin := origin_of(server, attempt))
    ]
    if found := _other_account(named, opened, context):
        return found
    for attempt, origin, server in reversed(opened):
        others = [address for address in addresses if address != origin and context.namespace_of(address)]
        if origin in addresses and others:
            return _explanation(attempt, origin, others[0], server, context)
    return None


def _other_account(named: Collection[AccountName], opened: Sequence[_Opened], context: Context) -> Explanation | None:
    """Explain an assertion about CURRENT_USER(): the server picked another account of the same user."""
    if len(named) < 2:  # the account that was picked and the one that was expected
        return None
    explainers = {server: explainer_of(server) for _, _, server in opened}
    for attempt, origin, server in reversed(opened):
        client, explainer = (attempt.user, origin), explainers[server]
        login = None if explainer is None else explainer.from_origin(attempt.user, Origin(origin))
        picked = None if login is None else picked_account(login)
        if login is None or picked is None or picked not in named or picked == client:
            continue
        for expected in login.candidates:
            if (expected.user, expected.host) in named and (expected.user, expected.host) != picked:
                return Explanation(
                    f"the server picked the account {quoted(picked)} for {attempt.user} from "
                    f"{context.with_namespace(origin)}, not {expected.account}",
                    tuple(f"{each.account}: {each.reason}" for each in login.candidates[:3]),
                    ("the first account in this order that matches is picked: create one with a more specific host",),
                )
    return None


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _explanation(attempt: Attempt, origin: str, expected: str, server: Instance, context: Context) -> Explanation:
    network = context.network
    own = [] if network is None else [str(interface.ip) for interface in network[attempt.namespace].addresses]
    details, seen = [], context.with_namespace(origin)
    if origin not in own:
        details.append(
            f"the server sees {context.with_namespace(origin)}, because address translation (NAT) is on the way"
        )
    elif attempt.namespace == context.namespace_of(expected):
        route = f"the route to {attempt.endpoint.address} leaves by {origin}"
        details.append(f"{expected} is another address of the same namespace: {route}")
    wanted = context.namespace_of(expected)
    if attempt.namespace == context.namespace:
        marker = f'@pytest.mark.netns("{wanted}")'
        remedies = [f'connect from there: netns_connect("{wanted}"), or mark the test with {marker}']
    else:
        if origin in own:
            seen = f"{origin} (namespace {attempt.namespace}, which the call names)"
        own_user = f", as {wanted}_user" if attempt.user == f"{attempt.namespace}_user" else ""
        remedies = [f'connect from there: netns_connect("{wanted}"){own_user}']
    remedies.append(f"or expect {attempt.user}@{origin}, if {attempt.namespace} is meant")
    if attempt.namespace == wanted:
        near = next((each for each in server.endpoints if each.namespace == wanted), None)
        remedies = [f'connect to the endpoint of the namespace itself: endpoint="{near}"'] if near else []
        remedies.append(f"or expect {origin}")
    return Explanation(
        f"the connection comes from {seen}, not from {context.with_namespace(expected)}",
        tuple(details),
        tuple(remedies[:2]),
    )
