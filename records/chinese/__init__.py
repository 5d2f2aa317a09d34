"""Chinese characters as such: traditional ones and simplified ones. Knows nothing of names or
records.
"""
