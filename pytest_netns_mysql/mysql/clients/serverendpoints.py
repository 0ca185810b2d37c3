"""The endpoint of a server that a client connects to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pytest_netns_mysql.endpoint import Endpoint
from pytest_netns_mysql.errors import ClientError, EndpointError

if TYPE_CHECKING:
    from pytest_netns_mysql.mysql.mysqld.instance import Instance


def resolve_endpoint(
    server: Instance, namespace: str, endpoint: Endpoint | str | None, kind: str = "mysql"
) -> Endpoint:
    """Return the endpoint that a client connects to.

    Args:
        server: The server.
        namespace: The namespace that the client connects from.
        endpoint: An endpoint, a namespace whose endpoint is wanted, or ``addr/ns``; None means the nearest.
        kind: ``mysql`` or ``mysqlx``.

    Raises:
        EndpointError: The server does not listen there.
        ClientError: The endpoint is of the other kind.
    """
    if endpoint is None:
        return server.endpoint_for(namespace, kind)
    if not isinstance(endpoint, str):
        if (kinds := server._kinds_of(endpoint)) and ("mysqlx" in kinds) != (kind == "mysqlx"):
            raise ClientError(
                f"endpoint {endpoint}, port {endpoint.port}, speaks "
                + ("X Protocol" if "mysqlx" in kinds else "the classic protocol"),
                remedies=[f"pass {server.name}.endpoint({endpoint.namespace!r}, {kind!r})"],
            )
        return endpoint
    if "/" not in endpoint or kind != "mysql":
        return server.endpoint(endpoint, kind)
    # The name of a namespace has no slash: this is addr/ns, as in bind_address.
    for each in server.endpoints:
        if str(each) == endpoint:
            return each
    raise EndpointError(
        f"{server.name} does not listen on {endpoint}",
        tried=[f"it listens on {', '.join(map(str, server.endpoints)) or 'nothing'}"],
        remedies=[
            f"leave endpoint out: a client in {namespace} then connects to {server.endpoint_for(namespace, kind)}",
            "or pass a namespace with one of these endpoints",
        ],
    )


def refuse_endpoint_of_other_server(
    server: Instance, endpoint: Endpoint, servers: Iterable[Instance], fixture: str
) -> None:
    """Raise ClientError for an endpoint of a server that does not have the accounts of this server."""
    if server._kinds_of(endpoint):
        return
    for other in servers:
        is_owner = other.network is server.network and other._kinds_of(endpoint)
        if is_owner and other._dataset is not server._dataset:
            raise ClientError(
                f"endpoint {endpoint}, port {endpoint.port}, belongs to {other.name}, which does not have the "
                f"accounts of {server.name}",
                where=f"{fixture}(endpoint=...)",
                remedies=[
                    f"pass server={other.name}, too",
                    f"for a user that {other.name} has already: user=..., password=...",
                ],
            )
