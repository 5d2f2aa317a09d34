"""Reads files as old systems export them: CSV in any of their encodings, and XLSX. What comes out
is rows of text, each with its number as a spreadsheet counts.
"""
