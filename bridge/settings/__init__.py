"""The configuration of the process: ``bridge.yaml``, its secrets' whereabouts, and the rules of each pair."""

from bridge.settings.load import Pair, Settings, config_path, load_settings
from bridge.settings.schema import settings_schema
from bridge.settings.secret import Secret, SecretRef, read_secret
from bridge.settings.shape import Connection, Desk, Logs, Schedule, Tracker

__all__ = [
    "Connection",
    "Desk",
    "Logs",
    "Pair",
    "Schedule",
    "Secret",
    "SecretRef",
    "Settings",
    "Tracker",
    "config_path",
    "load_settings",
    "read_secret",
    "settings_schema",
]
