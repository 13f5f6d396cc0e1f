"""The work log and the foundation forms: people, support groups and who belongs to which."""

from __future__ import annotations

from bridge.simulators.remedy import domains
from bridge.simulators.remedy.fields import Form, Kind, Named, Shape, form_of
from bridge.simulators.remedy.settings import RemedySettings

WORK_LOG = "HPD:WorkLog"
PEOPLE = "CTM:People"
GROUPS = "CTM:Support Group"
MEMBERSHIPS = "CTM:Support Group Association"

ATTACHMENTS = ("z2AF Work Log01", "z2AF Work Log02", "z2AF Work Log03")

_TEXT = Shape(limit=254)
_SYSTEM = Shape(limit=254, system=True)
_STAMP = Shape(kind=Kind.TIME, system=True)
_IDENTITY = Shape(limit=15, system=True)


def _selection(domain: domains.Domain, *, required: bool = False) -> Shape:
    return Shape(kind=Kind.SELECTION, domain=domain, required=required)


def _line(name: str, shape: Shape, number: int = 0) -> Named:
    return Named(name=name, key=name, shape=shape, number=number)


def work_log_form(settings: RemedySettings) -> Form:
    """Return the form of an incident's work info."""
    return form_of(
        WORK_LOG,
        "Work Log ID",
        (
            _line("Work Log ID", _IDENTITY, 1),
            _line("Submitter", _SYSTEM, 2),
            _line("Submit Date", _STAMP, 3),
            _line("Assigned To", _TEXT, 4),
            _line("Last Modified By", _SYSTEM, 5),
            _line("Last Modified Date", _STAMP, 6),
            _line("Status", _selection(domains.RECORD_STATUS), 7),
            _line("Short Description", _TEXT, 8),
            _line("Incident Number", Shape(limit=20, required=True), 1_000_000_161),
            _line("Work Log Type", _selection(domains.WORK_LOG_TYPE, required=True)),
            _line("Description", Shape(limit=settings.description_limit), 1_000_000_000),
            _line("Detailed Description", Shape(long=True, limit=settings.note_limit), 1_000_000_151),
            _line("Work Log Submitter", _TEXT),
            _line("Work Log Submit Date", _STAMP),
            _line("Work Log Date", Shape(kind=Kind.TIME)),
            _line("View Access", _selection(domains.VIEW_ACCESS)),
            _line("Secure Work Log", _selection(domains.YES_NO)),
            _line("Communication Source", _selection(domains.COMMUNICATION_SOURCE)),
            _line("Communication Type", _selection(domains.COMMUNICATION_TYPE)),
            _line("ActivityValueSelection_1", _selection(domains.ACTIVITY)),
            _line("Total Time Spent", Shape(kind=Kind.INTEGER)),
            _line("Number of Attachments", Shape(kind=Kind.INTEGER, system=True)),
            *(_line(f"FileNameAttachment{slot}", _TEXT) for slot in (1, 2, 3)),
            *(_line(slot, Shape(kind=Kind.ATTACHMENT)) for slot in ATTACHMENTS),
            *(
                _line(name, _TEXT)
                for name in ("InstanceId", "MessageId", "Company", "ClientLocale", "Record ID")
            ),
            *(_line(name, _TEXT) for name in ("Incident Entry ID", "SR_Instanceid", "Assignee Login ID")),
            *(_line(name, Shape(display=True)) for name in ("z1D_AttachedFileName",)),
        ),
    )


def foundation_forms() -> tuple[Form, Form, Form]:
    """Return the forms of people, support groups and memberships, in this order."""
    status = _selection(domains.RECORD_STATUS)
    people = (
        _line("Person ID", _IDENTITY, 1),
        _line("Remedy Login ID", _TEXT, 4),
        *(_line(name, _TEXT) for name in ("Full Name", "First Name", "Last Name", "Internet E-mail")),
        *(_line(name, _TEXT) for name in ("Company", "Organization", "Department")),
        _line("Phone Number Business", Shape(limit=50, private=True)),
        _line("Support Staff", _selection(domains.YES_NO)),
        _line("Profile Status", status, 7),
        _line("Last Modified Date", _STAMP, 6),
    )
    groups = (
        _line("Support Group ID", _IDENTITY, 1),
        *(_line(name, _TEXT) for name in ("Support Group Name", "Company", "Support Organization")),
        _line("Support Group Role", _TEXT),
        _line("Status", status, 7),
        _line("Last Modified Date", _STAMP, 6),
    )
    memberships = (
        _line("Support Group Association ID", _IDENTITY, 1),
        *(_line(name, _TEXT) for name in ("Login ID", "Full Name", "Person ID", "Support Group ID")),
        _line("Last Modified Date", _STAMP, 6),
    )
    return (
        form_of(PEOPLE, "Person ID", people),
        form_of(GROUPS, "Support Group ID", groups),
        form_of(MEMBERSHIPS, "Support Group Association ID", memberships),
    )
