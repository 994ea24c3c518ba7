"""What is sold and where: products, SKUs, availabilities, what needs what, and what may be upgraded to what."""
