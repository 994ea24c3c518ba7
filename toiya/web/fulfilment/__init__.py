"""Pages of the operator: connectors and their queue; and the address where vendors call back."""
