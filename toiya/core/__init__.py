"""Words that every part of the business shares: actor, permissions, refusals, time, links, text. No tables."""
