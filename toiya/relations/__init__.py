"""The four relations that every right across tenants comes from, and the formula of rights."""
