"""Read a hospital's database through views that it makes itself, by a login that may only read."""
