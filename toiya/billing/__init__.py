"""What the operator charges its providers, and the invoices that say so."""
