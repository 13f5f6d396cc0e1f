"""Names of forms and fields, which differ from form to form, and how their values become text.

Sources: BMC's ITSM REST references for the forms; the spellings (``Detailed Decription`` among them) are
those of captured answers of ITSM 19.02 to Helix 22.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

INCIDENTS = "HPD:IncidentInterface"
HELP_DESK = "HPD:Help Desk"
WORK_LOG = "HPD:WorkLog"
GROUPS = "CTM:Support Group"
MEMBERSHIPS = "CTM:Support Group Association"

NUMBER = "Incident Number"
MODIFIED = "Last Modified Date"
SUBMITTED = "Submit Date"
REQUEST_ID = "Request ID"
WORK_LOG_ID = "Work Log ID"
GROUP_ID = "Support Group ID"
GROUP_NAME = "Support Group Name"

#: Our own names of an incident's fields and the incident form's.
OWN: Mapping[str, str] = {
    "number": NUMBER,
    "status": "Status",
    "status_reason": "Status_Reason",
    "summary": "Description",
    "story": "Detailed Decription",
    "impact": "Impact",
    "urgency": "Urgency",
    "priority": "Priority",
    "service_type": "Service Type",
    "resolution": "Resolution",
    "assigned_group": "Assigned Group",
    "assignee": "Assignee",
    "assignee_login": "Assignee Login ID",
}

#: What every incident is read with, beside ``OWN``, the ticket field and the fields that rules name.
INCIDENT_FRAME = (REQUEST_ID, SUBMITTED, MODIFIED, "Last Modified By")

#: What every work info is read with.
NOTE_FIELDS = (
    WORK_LOG_ID,
    NUMBER,
    "Work Log Type",
    "Work Log Submitter",
    "Submitter",
    SUBMITTED,
    MODIFIED,
    "Description",
    "Detailed Description",
    "View Access",
    "Communication Source",
)

#: Tell-tales of entries that the system wrote; older servers lack some of these fields.
NOTE_TELLTALES = ("ActivityValueSelection_1", "MessageId")

#: The three places of a work info for files; a value is an object of name, size and address (BMC docs: attachments).
NOTE_FILES = ("z2AF Work Log01", "z2AF Work Log02", "z2AF Work Log03")

#: The relations of an incident.  Public clients agree that one row has the incident as its second request and the
#: related one as its first; rows the other way round, which some write, are read as well.  Confidence: high for the
#: names, fair for their being enough on every version.
ASSOCIATIONS = "HPD:Associations"
ASSOCIATION_TYPE = "Association Type01"
#: (the incident's field, the related request's field, the field that names the related request's form)
ASSOCIATION_SIDES = (
    ("Request ID02", "Request ID01", "Form Name01"),
    ("Request ID01", "Request ID02", "Form Name02"),
)

#: Changes.  Confidence: high, as BMC's own reports and public clients spell them.
CHANGES = "CHG:Infrastructure Change"
CHANGE_ID = "Infrastructure Change ID"
CHANGE_STATUS = "Change Request Status"
CHANGE_REASON = "Status Reason"

#: The responsibility for the record itself, which the bridge never takes or gives.
NEVER_WRITTEN = frozenset(
    {
        NUMBER,
        "Owner",
        "Owner Login ID",
        "Owner Group",
        "Owner Group ID",
        "Owner Support Company",
        "Owner Support Organization",
    }
)


def as_text(value: Any) -> str:
    """Return a JSON value of any AR type as text; null and missing are the empty text."""
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)


def as_moment(value: Any) -> datetime | None:
    """Return ``2022-06-21T11:08:05.000+0000`` in UTC, None for anything that is no such moment."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment and moment.tzinfo else None


def entry_path(form: str, entry_id: str = "") -> str:
    """Return the path of a form or of one of its entries; ``|`` travels as ``%7C``."""
    path = f"/api/arsys/v1/entry/{quote(form, safe=':')}"
    return f"{path}/{quote(entry_id, safe='')}" if entry_id else path


def id_in_link(address: str) -> str:
    """Return the last part of a self link or a Location, whose host (the server's own name) is not used."""
    try:
        path = urlsplit(address).path
    except ValueError:
        return ""
    return unquote(path.rstrip("/").rpartition("/")[2])


def self_link_id(entry: Mapping[str, Any]) -> str:
    """Return the entry id that an entry's ``_links.self`` names, empty where there is none."""
    links = entry.get("_links")
    found = links.get("self") if isinstance(links, dict) else None
    first = found[0] if isinstance(found, list) and found else found
    return id_in_link(as_text(first.get("href"))) if isinstance(first, dict) else ""
