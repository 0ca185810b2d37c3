"""One page: where the server sees the shop's connection come from."""

from django.db import connection
from django.http import HttpRequest, HttpResponse


def origin(_request: HttpRequest) -> HttpResponse:
    """Return USER() of Django's default connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT USER()")
        return HttpResponse(cursor.fetchone()[0])
