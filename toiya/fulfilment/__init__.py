"""Carrying out what was ordered in the systems that provide it: connectors, and a visible queue of tasks."""
