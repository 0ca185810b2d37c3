"""What the failing tests share: a shop, and an authority that has signed no server's certificate."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding


@pytest.fixture
def shop(netns_mysqld):
    """A schema with one table and one procedure."""
    netns_mysqld.execute("CREATE SCHEMA shop")
    netns_mysqld.execute("CREATE TABLE shop.orders (id INT PRIMARY KEY, total INT)")
    netns_mysqld.execute("CREATE PROCEDURE shop.close_day() SELECT 1")
    return "shop"


@pytest.fixture
def other_authority(tmp_path):
    """The file of a CA certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string("CN=another authority")
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    file = tmp_path / "other-ca.pem"
    file.write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    return file
