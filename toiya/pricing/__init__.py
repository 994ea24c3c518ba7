"""For how much: the operator's price lists and promotions, and the price rules of each edge in its own currency."""
