"""A customer's users and the seats that they use; seats are never oversold."""
