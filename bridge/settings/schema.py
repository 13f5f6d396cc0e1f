"""The JSON Schema of ``bridge.yaml``, for editors."""

from __future__ import annotations

from typing import Any

from bridge.rules.schema import face_schema
from bridge.settings.shape import SettingsFile


def settings_schema() -> dict[str, Any]:
    """Return the draft-7 schema of ``bridge.yaml``."""
    schema = face_schema(SettingsFile, "Configuration of the bridge")
    ref = schema["definitions"]["SecretRef"]
    one_of = [{"required": [place]} for place in ("file", "env", "credential")]
    in_one = {"type": "string", "pattern": r"^\$\{(file|env|credential):[^{}]+\}$"}
    schema["definitions"]["SecretRef"] = {"anyOf": [in_one, {**ref, "oneOf": one_of}]}
    return schema
