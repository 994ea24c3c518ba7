"""Pages about programs: registering them, and letting them act for oneself."""
