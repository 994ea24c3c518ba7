"""Customers consent to reseller relationships and administration grants, and withdraw them."""
