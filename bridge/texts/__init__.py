"""What people read, one file per language; data, not code."""
