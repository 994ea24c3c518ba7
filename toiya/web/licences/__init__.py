"""Pages: an organisation's users and licences, under a customer and in its own portal."""
