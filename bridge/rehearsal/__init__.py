"""Rehearsals: the bridge between two simulated servers, with people at work on both sides.

``bridge demo`` tells a story, ``bridge replay`` replays a real log, ``bridge simulate`` starts the servers alone.
"""
