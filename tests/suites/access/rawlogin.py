"""A login without a password over a bare socket: faster than a driver, whichever plugin the server asks for."""

from __future__ import annotations

import socket
import struct

PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH = 0x200, 0x8000, 0x80000
LONGEST_PACKET = 1 << 24
UTF8MB4 = 45
OK, MORE, SWITCH, ERROR = 0x00, 0x01, 0xFE, 0xFF
QUERY = b"\x03SELECT CURRENT_USER()"


class RefusedError(Exception):
    """The server's answer to a login that it refuses."""

    def __init__(self, packet):
        self.errno = struct.unpack_from("<H", packet, 1)[0]
        self.text = packet[3:].decode(errors="replace")
        super().__init__(self.errno, self.text)


def login(namespace, address, user, *, source=None, port=3306):
    """Return CURRENT_USER() after a login without a password; raise RefusedError.

    Args:
        namespace: The client's namespace.
        address: Where the client connects.
        user: The user name.
        source: The address that the client binds to, or None.
        port: The port.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with namespace:
        sock = socket.socket(family, socket.SOCK_STREAM)
    return _converse(sock, (address, port), user, source)


def login_by_socket(path, user):
    """Return CURRENT_USER() after a login by a Unix socket; raise RefusedError."""
    return _converse(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), str(path), user, None)


def _converse(sock, address, user, source):
    with sock:
        sock.settimeout(30)
        if source is not None:
            sock.bind((source, 0))
        sock.connect(address)
        stream = sock.makefile("rb")
        _receive(stream)
        capabilities = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH
        head = struct.pack("<IIB23x", capabilities, LONGEST_PACKET, UTF8MB4)
        _send(sock, 1, head + user.encode() + b"\0\0mysql_native_password\0")
        number = 3
        packet = _receive(stream)
        while packet[0] != OK:
            if packet[0] == SWITCH:
                plugin = packet[1:].split(b"\0")[0]
                _send(sock, number, b"\0" if plugin == b"sha256_password" else b"")
            elif packet[0] == MORE and packet[1:] == b"\x04":  # caching_sha2_password asks for the password itself
                _send(sock, number, b"\0")
            packet = _receive(stream)
            number += 2
        _send(sock, 0, QUERY)
        _receive(stream), _receive(stream), _receive(stream)
        row = _receive(stream)
        return row[1:].decode()


def _receive(stream):
    head = stream.read(4)
    if len(head) < 4:
        raise ConnectionError("the server closed the connection")
    packet = stream.read(int.from_bytes(head[:3], "little"))
    if packet[0] == ERROR:
        raise RefusedError(packet)
    return packet


def _send(sock, number, payload):
    sock.sendall(len(payload).to_bytes(3, "little") + bytes([number]) + payload)
