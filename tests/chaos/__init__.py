"""make chaos: one installation under load, to which the seed does what machines, networks and
people do; and what must hold all the same (docs/operations/chaos.md).
"""
