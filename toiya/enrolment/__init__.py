"""How a company becomes an indirect reseller: application, verification, review, agreements."""
