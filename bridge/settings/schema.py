"""The JSON Schema of ``bridge.yaml``, for editors."""

from __future__ import annotations

from typing import Any

from bridge.rules.schema import face_schema
from bridge.settings.shape import SettingsFile


def settings_schema() -> dict[str, Any]:
    """Return the draft-7 schema of ``bridge.yaml``."""
    schema = face_schema(SettingsFile, "Configuration of the bridge")
    schema["definitions"]["SecretRef"] |= {"minProperties": 1, "maxProperties": 1}
    return schema
