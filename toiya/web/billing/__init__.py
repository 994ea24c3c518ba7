"""Pages: the operator's invoices, for the operator and for the provider that pays them."""
