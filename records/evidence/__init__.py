"""The evidence package of the audit log: what a court reads and anybody can verify."""
