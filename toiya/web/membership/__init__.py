"""Pages: membership."""
