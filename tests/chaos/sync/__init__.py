"""make chaos SYNC=1: agents of hospitals send to one site, while the seed kills, cuts, doubles and
fills what is between record and receipt; and what docs/sync.md promises must hold all the same.
"""
