"""Pages: subscriptions, their transfers, and the customer's own."""
