"""Django's engine for PostgreSQL with two things done more cheaply; named in the settings."""
