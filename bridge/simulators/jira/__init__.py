"""A Jira site in one process, Cloud or Data Center, to try the bridge where no real one is at hand."""

from bridge.simulators.jira.limits import Throttle
from bridge.simulators.jira.people import NotAllowed, People
from bridge.simulators.jira.server import JiraSimulator
from bridge.simulators.jira.settings import (
    Account,
    CustomField,
    JiraSettings,
    Person,
    ProjectSpec,
    Switches,
)
from bridge.simulators.jira.workflow import (
    Resolution,
    ScreenField,
    Status,
    Transition,
    Workflow,
    default_workflow,
)

__all__ = [
    "Account",
    "CustomField",
    "JiraSettings",
    "JiraSimulator",
    "NotAllowed",
    "People",
    "Person",
    "ProjectSpec",
    "Resolution",
    "ScreenField",
    "Status",
    "Switches",
    "Throttle",
    "Transition",
    "Workflow",
    "default_workflow",
]
