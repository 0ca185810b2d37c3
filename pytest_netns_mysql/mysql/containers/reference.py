"""The names of container images, as engines take them."""

from __future__ import annotations

import re

from pytest_netns_mysql.errors import ContainerError

_LONGEST_NAME = 255  # characters, without tag and digest
# See the grammar of github.com/distribution/reference. An engine is asked by a URL that has the name as a part.
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?"
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_HOST}/)?{_PART}(?:/{_PART})*)"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
    r"(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?"
)


def check_reference(reference: str, where: str) -> None:
    """Raise ContainerError if a text cannot be the name of an image.

    Args:
        reference: The text, without ``docker://``.
        where: The setting or command that names the image.
    """
    found = _REFERENCE.fullmatch(reference)
    if found is None or len(found["name"]) > _LONGEST_NAME:
        raise ContainerError(
            f"{reference!r} cannot be the name of an image: it takes lower-case letters, digits and single separators, "
            "and after them a tag or a digest",
            where=where,
            remedies=["correct the name: docker://mysql:8.4, docker://registry.example:5000/shop/mysql@sha256:..."],
        )
