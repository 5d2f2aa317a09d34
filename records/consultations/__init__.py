"""What experts say in a remote consultation: an opinion (WS 445 会诊记录, C0045) or the report of a
reading, as a FHIR document that is signed with the hospital's key and verified offline.
"""
