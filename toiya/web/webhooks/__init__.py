"""The pages of a partner's webhooks, and the certificates that anybody may download."""
