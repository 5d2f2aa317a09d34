"""HL7 v2 messages as the agent's items: read from files and over MLLP (HL7 v2.3 to 2.8)."""
