"""Simulated Remedy and Jira servers, strict where the real ones are strict.

They know nothing of the rest of the bridge, so that they cannot agree with its mistakes.
"""
