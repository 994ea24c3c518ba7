"""Pages: what customers ask of their partners."""
