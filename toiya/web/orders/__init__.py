"""Pages of carts, orders and order requests."""
