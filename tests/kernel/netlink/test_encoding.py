"""Messages and attributes are read as they were written, and nonsense is read to its end."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_netns_mysql.kernel.netlink.encoding import (
    as_number,
    as_text,
    attribute,
    attributes,
    joined,
    message,
    messages,
    number,
    text,
)

pytestmark = pytest.mark.oldest_python

VALUES = st.dictionaries(st.integers(1, 0x3FFF), st.binary(max_size=40))


@given(VALUES, st.binary(max_size=16))
def test_attributes_are_read_as_they_were_written(values: dict[int, bytes], header: bytes) -> None:
    assert dict(attributes(header + joined(values), len(header))) == values


@given(VALUES)
def test_nested_attributes_are_read_as_they_were_written(values: dict[int, bytes]) -> None:
    ((kind, value),) = attributes(attribute(7, *(attribute(key, one) for key, one in values.items())))
    assert (kind, dict(attributes(value))) == (7, values)


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.binary(max_size=40)), max_size=5))
def test_messages_are_read_as_they_were_written(several: list[tuple[int, int, bytes]]) -> None:
    data = b"".join(message(kind, flags, body) for kind, flags, body in several)
    assert [(kind, flags, body) for kind, flags, _, body in messages(data)] == several


@given(st.binary(max_size=200))
def test_nonsense_comes_to_an_end(data: bytes) -> None:
    assert len(list(attributes(data))) <= len(data)
    assert len(list(messages(data))) <= len(data)


@given(st.integers(0, 0xFFFFFFFF), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_values_are_read_as_they_were_written(value: int, words: str) -> None:
    assert [as_number(content) for _, content in attributes(number(1, value))] == [value]
    assert [as_text(content) for _, content in attributes(text(1, words))] == [words]


def test_a_missing_value_is_zero_or_empty() -> None:
    assert (as_number(None), as_text(None)) == (0, "")


def test_flags_in_the_type_of_an_attribute_are_left_out() -> None:
    nested = 0x8000
    assert list(attributes(struct.pack("=HH", 4, nested | 18))) == [(18, b"")]
