"""Pages: the renewal radar."""
