"""What the operator sets: names, countries, agreements, web-mail domains, time limits."""
