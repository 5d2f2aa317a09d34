"""Work between hospitals as FHIR R4 Task, ServiceRequest, Communication and Provenance at the
shared base: faces of rows, made when they are asked for, never stored (docs/adr/0090).
"""
