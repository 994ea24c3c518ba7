"""Programs that act: app registrations with their secrets, whom they act for, and the tokens that prove it."""
