"""Pages: partnerships."""
