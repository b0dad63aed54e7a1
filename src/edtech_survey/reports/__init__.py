"""Estimates to pages: frames in, pictures, tables, sentences and accessible HTML out."""
