"""Toiya: the open, self-hosted partner dashboard for two-tier cloud distribution."""
