"""Backup and return: base backups and the write-ahead log in a folder, keys wrapped beside them,
each run proved by raising a server from it (docs/adr/0042).
"""
