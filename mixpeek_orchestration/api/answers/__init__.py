"""From values of the core to what goes over the wire: pure functions, one module per resource."""
