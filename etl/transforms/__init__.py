"""Pure transforms (idea 3): values, expressions or frames in, the same out. No files, clock or environment."""
