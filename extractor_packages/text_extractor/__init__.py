"""Splits text and embeds it: built in, and loaded through the same door as everyone's packages."""
