"""Tenants, their domains and people, roles, suspension; who is acting."""
