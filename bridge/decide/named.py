"""An incident as the templates of rules see it."""

from __future__ import annotations

from bridge.model.incident import Incident


class Named:
    """An incident as templates see it: our own names as attributes, the desk's by ``incident["Product Name"]``."""

    __slots__ = ("_incident",)

    def __init__(self, incident: Incident) -> None:
        self._incident = incident

    def __getitem__(self, name: str) -> str:
        return self._incident.value(name)

    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._incident.value(name)
