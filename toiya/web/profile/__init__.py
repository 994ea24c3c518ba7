"""Pages: profile."""
