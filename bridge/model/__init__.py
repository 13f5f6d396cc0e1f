"""The nouns of the bridge: what was seen, what is remembered, what is decided.

Pure and frozen: nothing here reads a clock, a file or a network.
"""
