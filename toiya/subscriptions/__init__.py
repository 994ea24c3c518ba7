"""What a customer has: subscriptions from activation to their end, renewals, transfers, a safe end."""
