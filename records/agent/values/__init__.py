"""Reads single values as clinics write them: dates, numbers, identity numbers, codes, results.
Pure; each says by InvalidValue which rule it breaks.
"""
