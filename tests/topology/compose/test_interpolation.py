"""Variables in compose files: where their values come from, and the forms of a template."""

from __future__ import annotations

import pytest

from tests.topology.compose.conftest import Read, Refused

pytestmark = pytest.mark.as_user


def test_variables_come_from_the_environment_and_then_from_the_file(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_USER", "of_environment")
    topology = read(
        """
        services:
          db: {image: mysql, environment: [MYSQL_USER, "MYSQL_PASSWORD=$SHOP_USER ${SHOP_B}", MYSQL_DATABASE]}
        """,
        **{
            ".env": (
                "SHOP_USER=of_file\nSHOP_A='$x'\nexport SHOP_B=\"${SHOP_A} ${SHOP_USER}\" # twice\nMYSQL_USER=shop\n"
            )
        },
    )
    assert topology.mysqld.environment == {
        "MYSQL_USER": "shop",
        "MYSQL_PASSWORD": "of_environment $x of_environment",
    }


def test_a_variable_without_a_value_is_noted(read: Read) -> None:
    topology = read("services: {db: {image: mysql, environment: {MYSQL_DATABASE: 'a${SHOP_X}'}}}")
    assert topology.mysqld.environment == {"MYSQL_DATABASE": "a"}
    assert topology.notes == ("the variable SHOP_X is not set: it was read as nothing",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${SHOP_A", "'${SHOP_A' has a ${ without its }"),
        ("${1}", "${1} has no name of a variable"),
        ("${SHOP_A!b}", "${SHOP_A!b} is not one of ${VAR}, ${VAR:-default}, ${VAR:?error}, ${VAR:+text}"),
        ("5 $", "'5 $' has a single $: a dollar sign is written $$"),
        ("${SHOP_A?}", "the variable SHOP_A is required"),
        ("${SHOP_A:?set ${SHOP_B:-it}}", "the variable SHOP_A is required: set it"),
    ],
)
def test_a_template_that_is_wrong_is_told(refused: Refused, text: str, message: str) -> None:
    required = "is required" in message
    assert refused(f"services:\n  db:\n    image: '{text}'\n").splitlines()[-3:] == [
        message,
        "  where: compose.yaml, line 3",
        f"  do: {'set it in the environment or in .env' if required else 'correct the template'}",
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$SHOP_A-${SHOP_A}", "a-a"),
        ("${SHOP_EMPTY:-b}${SHOP_EMPTY-b}${SHOP_NONE-b}", "bb"),
        ("${SHOP_A:+b}${SHOP_EMPTY:+c}${SHOP_EMPTY+d}${SHOP_NONE+e}", "bd"),
        ("${SHOP_NONE:-${SHOP_EMPTY:-${SHOP_A}}}", "a"),
        ("$$SHOP_A $${SHOP_A}", "$SHOP_A ${SHOP_A}"),
        ("${SHOP_NONE:-{}}", "{}"),
        ("${SHOP_A:?no}${SHOP_EMPTY?no}", "a"),
    ],
)
def test_templates(read: Read, monkeypatch: pytest.MonkeyPatch, text: str, value: str) -> None:
    monkeypatch.setenv("SHOP_A", "a")
    monkeypatch.setenv("SHOP_EMPTY", "")
    topology = read(f"services: {{db: {{image: mysql, environment: {{MYSQL_PASSWORD: '{text}'}}}}}}")
    assert topology.mysqld.environment == {"MYSQL_PASSWORD": value}
