"""Password hashes of the tests' own accounts: the site's algorithm, at next to no cost. The server
of the tests takes them as it takes hashes of an earlier work factor.
"""

from django.contrib.auth.hashers import ScryptPasswordHasher


class QuickScrypt(ScryptPasswordHasher):
    work_factor = 2
    parallelism = 1
