"""Secrets that have no value for the server."""

from __future__ import annotations

import pytest

from tests.topology.compose.conftest import Refused

pytestmark = pytest.mark.as_user


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        (
            "external: true",
            "the secret of MYSQL_ROOT_PASSWORD_FILE has neither file: nor environment:\n"
            "  where: compose.yaml, line 4: secrets.root\n"
            "  do: write file: and the path of a file with its value",
        ),
        (
            "file: ./nowhere.txt",
            "the file nowhere.txt does not exist\n"
            "  where: compose.yaml, line 4: secrets.root.file\n"
            "  do: write it, or correct the path",
        ),
        (
            "environment: SHOP_NOT_SET",
            "the variable SHOP_NOT_SET is not set\n"
            "  where: compose.yaml, line 4: secrets.root.environment\n"
            "  do: set it in the environment or in .env",
        ),
    ],
)
def test_a_secret_without_a_value_is_told(refused: Refused, secret: str, message: str) -> None:
    variables = "environment: {MYSQL_ROOT_PASSWORD_FILE: /run/secrets/root}"
    text = f"services:\n  db: {{image: mysql, {variables}, secrets: [root]}}\nsecrets:\n  root: {{{secret}}}\n"
    assert refused(text) == message
