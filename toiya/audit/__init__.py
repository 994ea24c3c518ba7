"""The activity log: what happened, who did it, sealed so that tampering shows."""
