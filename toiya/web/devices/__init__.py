"""Pages about the devices of a customer: the list, one device, policies."""
