"""How something is bought: carts, orders by the provider, order requests by the reseller, wishes of the customer."""
