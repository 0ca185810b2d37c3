import pytest

from pytest_netns_mysql import CertificateError


def test_it(netns_mysqld):
    with pytest.raises(CertificateError) as error:
        netns_mysqld.tls.issue("app")
    assert str(error.value).splitlines() == [
        "certificates need the package cryptography, which is not installed",
        "  do: pip install pytest-netns-mysql[tls]",
    ]
