"""Which version of the index this release writes and searches by. Rows carry entries of two
versions while a database goes over from one to the next (docs/adr/0043).
"""

UNTAGGED = 7  # the last version whose entries do not say their version
# of all that is kept for searching: a greater one makes `manage.py setup` fill rows with its
# entries beside the site
VERSION = 7
