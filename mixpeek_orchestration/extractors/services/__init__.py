"""The built-in services: batch steps, and their realtime halves, that packages compose by id or class name."""
