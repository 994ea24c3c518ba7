"""Pages: files with many rows."""
