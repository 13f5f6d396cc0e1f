"""The bridge: keeps a Remedy incident open until its linked Jira fix is verified."""

__version__ = "0.1.0"
