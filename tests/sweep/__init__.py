"""Notebooks under many settings, run in one warm process and read as text."""
