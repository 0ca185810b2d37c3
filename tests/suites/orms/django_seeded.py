import pytest
from django.db import connections


@pytest.mark.netns("blue")
@pytest.mark.django_db(databases=["default", "red"])
@pytest.mark.parametrize("time", ["first", "second"])
def test_connections_stay_for_the_next_test(time):
    for alias, origin in {"default": "shop@198.51.100.2", "red": "shop@192.0.2.2"}.items():
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT USER(), CURRENT_USER()")
            assert cursor.fetchone() == (origin, "shop@%.%.%.2")
