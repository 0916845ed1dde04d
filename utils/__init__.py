"""Small helpers for the three notebooks. Every file can be read alone."""
