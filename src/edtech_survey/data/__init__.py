"""Raw sources to tidy frames: knows files, knows no statistics."""
