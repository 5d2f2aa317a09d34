"""The column sets: which columns an export may have, what they mean, and where they go in FHIR.
A file each, in the order in which a folder is sent: what others refer to comes first.
"""
