"""What happened, for those who want to be told: rows of the change itself, for webhooks and notifications."""
