"""Rules: their shape, loading with file, line and column, matching with a full trace, field maps.

Pure apart from reading the named files: no clock, no network.
"""
