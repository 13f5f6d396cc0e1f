"""A simulated Remedy (BMC Helix ITSM) server: the AR System REST API over incident management workflow."""

from bridge.simulators.remedy.people import Happened, People
from bridge.simulators.remedy.refusal import Rejected
from bridge.simulators.remedy.server import RemedySimulator
from bridge.simulators.remedy.settings import APPLICATION_SERVICE, ESCALATOR, RemedySettings

__all__ = [
    "APPLICATION_SERVICE",
    "ESCALATOR",
    "Happened",
    "People",
    "Rejected",
    "RemedySettings",
    "RemedySimulator",
]
