"""A small server that answers as docs/sync.md says, for whoever writes a client on a laptop: no
database server, no Django, and nothing of FHIR but what each type needs.
"""
