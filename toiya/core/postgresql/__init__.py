"""Django's engine for PostgreSQL with a few things done more cheaply; named in the settings."""
