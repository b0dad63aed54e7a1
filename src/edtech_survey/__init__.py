"""Surveys of K-12 technology leaders: who runs the technology, with what staff, pay and devices."""
