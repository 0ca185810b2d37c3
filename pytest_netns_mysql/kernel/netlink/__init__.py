"""Netlink messages: built, sent and read back."""
