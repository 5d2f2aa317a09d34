"""The agent `xinglin-agent`: sends a member hospital's records to the alliance from its old systems
(docs/sync.md). It stands alone: standard library of Python 3.8 to 3.13, and `cryptography`.
"""

__version__ = "0.6.0"
