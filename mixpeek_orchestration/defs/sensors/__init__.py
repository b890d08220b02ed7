"""Sensors discover and ask; none of them extracts, deploys or embeds."""
