"""Provider and reseller become partners by invitation, and part again."""
