"""The configuration of the process: ``bridge.yaml``, its secrets' whereabouts, and the rules of each pair."""

from bridge.settings.holding import Ending, Holding, endings, ends_at, holdings
from bridge.settings.load import Pair, Settings, config_path, load_settings
from bridge.settings.schema import settings_schema
from bridge.settings.secret import Secret, SecretRef, read_secret, secret_source
from bridge.settings.shape import Connection, Desk, Logs, Schedule, Tracker

__all__ = [
    "Connection",
    "Desk",
    "Ending",
    "Holding",
    "Logs",
    "Pair",
    "Schedule",
    "Secret",
    "SecretRef",
    "Settings",
    "Tracker",
    "config_path",
    "endings",
    "ends_at",
    "holdings",
    "load_settings",
    "read_secret",
    "secret_source",
    "settings_schema",
]
