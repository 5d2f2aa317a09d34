"""What is printed: contents laid out on A4 pages, as PDF with its own font; codes of pages."""
