"""Sensors discover and ask; none of them extracts, deploys or embeds."""

from mixpeek_orchestration.defs.sensors.all import build_sensors

__all__ = ["build_sensors"]
