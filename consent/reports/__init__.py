"""Reports of the audit log that are made by rule."""
