"""Pages: organization."""
