"""Tidy frames to estimates: frames in, frames out; knows no files, no codebook, no plots."""
