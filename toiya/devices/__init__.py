"""Devices that a partner keeps a list of for a customer, and how they greet their first user."""
