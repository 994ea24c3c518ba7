"""Pages: sign_in."""
