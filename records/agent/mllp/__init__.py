"""Listen for HL7 v2 over a line (MLLP, HL7 v2 transport specification, release 1)."""
