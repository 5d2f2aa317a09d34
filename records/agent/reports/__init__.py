"""Tells what was refused and how it is mended: in the terminal, as JSON, as a page, as a workbook;
and writes the templates.
"""
