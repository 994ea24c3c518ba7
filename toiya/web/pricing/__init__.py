"""Pages: prices, promotions, price rules."""
