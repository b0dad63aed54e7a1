"""Estimates to pages: knows no statistics."""
