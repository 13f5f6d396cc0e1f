"""BMC Remedy (Helix ITSM) in the role of the service desk, over the AR System REST API."""

from bridge.connectors.remedy.desk import RemedyDesk

__all__ = ["RemedyDesk"]
