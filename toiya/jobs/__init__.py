"""The worker, the list of what runs by itself, and the toiya command."""
