"""What lies encrypted in columns of its own: second factors, scans, reasons of emergencies."""
