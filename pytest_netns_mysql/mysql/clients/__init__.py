"""Accounts, connections and client programs of one test."""
