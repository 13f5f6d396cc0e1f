"""The three incident forms: one record, three sets of names.

The create form spells blanks as underscores in some fields, the joined form and the Help Desk do not; all
three misspell "Description" in the notes field.  Rows are stored under the Help Desk's names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bridge.simulators.remedy import domains
from bridge.simulators.remedy.fields import Form, Kind, Named, Shape, form_of
from bridge.simulators.remedy.settings import RemedySettings

CREATE = "HPD:IncidentInterface_Create"
INTERFACE = "HPD:IncidentInterface"
HELP_DESK = "HPD:Help Desk"

_TEXT = Shape(limit=254)
_SHORT = Shape(limit=60)
_TIME = Shape(kind=Kind.TIME)
_INTEGER = Shape(kind=Kind.INTEGER)
_YES_NO = Shape(kind=Kind.SELECTION, domain=domains.YES_NO)
_STAMP = _TIME.but(system=True)
_COUNT = _INTEGER.but(system=True)
_IDENTITY = Shape(limit=15, system=True)
_PRIVATE = Shape(limit=50, private=True)
_DISPLAY = Shape(display=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    key: str
    shape: Shape
    number: int = 0
    create: str | None = None
    interface: str | None = None
    desk: str | None = None


def _everywhere(key: str, shape: Shape, number: int = 0, create: str | None = None) -> _Line:
    return _Line(key=key, shape=shape, number=number, create=create or key, interface=key, desk=key)


def _after_create(key: str, shape: Shape, number: int = 0) -> _Line:
    return _Line(key=key, shape=shape, number=number, interface=key, desk=key)


def _desk_only(key: str, shape: Shape) -> _Line:
    return _Line(key=key, shape=shape, desk=key)


def _selection(domain: domains.Domain, *, required: bool = False) -> Shape:
    return Shape(kind=Kind.SELECTION, domain=domain, required=required)


def _core(settings: RemedySettings) -> Iterator[_Line]:
    long = Shape(long=True, limit=settings.note_limit)
    history = Shape(kind=Kind.HISTORY, system=True)
    yield _Line(key="Request ID", shape=_IDENTITY, number=1, create="Request ID")
    yield _Line(key="Join ID", shape=Shape(limit=31, system=True), number=1, interface="Request ID")
    yield _Line(key="Entry ID", shape=_IDENTITY, interface="Entry ID")
    yield _Line(key="Entry ID", shape=_IDENTITY, number=1, desk="Entry ID")
    yield _everywhere("Submitter", _TEXT.but(system=True), 2)
    yield _everywhere("Submit Date", _STAMP, 3, create="Create Date")
    yield _everywhere("Assignee Login ID", _TEXT, 4)
    yield _everywhere("Last Modified By", _TEXT.but(system=True), 5)
    yield _everywhere("Last Modified Date", _STAMP, 6, create="Modified Date")
    yield _everywhere("Status", _selection(domains.STATUS, required=True), 7)
    yield _Line(
        key="Status History",
        shape=history,
        number=15,
        create="Status History",
        interface="Status-History",
        desk="Status History",
    )
    yield _everywhere("Incident Number", _IDENTITY.but(limit=20), 1_000_000_161)
    yield _everywhere("Status_Reason", _selection(domains.STATUS_REASON), 1_000_000_881)
    yield _everywhere("Description", Shape(limit=settings.description_limit, required=True), 1_000_000_000)
    yield _everywhere("Detailed Decription", long, 1_000_000_151, create="Detailed_Decription")
    yield _everywhere("Resolution", long, 1_000_000_156)
    yield _everywhere(
        "Service Type", _selection(domains.SERVICE_TYPE, required=True), 1_000_000_099, create="Service_Type"
    )
    yield _everywhere("Impact", _selection(domains.IMPACT, required=True), 1_000_000_163)
    yield _everywhere("Urgency", _selection(domains.URGENCY, required=True), 1_000_000_162)
    yield _everywhere("Priority", _selection(domains.PRIORITY), 1_000_000_164)
    yield _everywhere("Priority Weight", _INTEGER)
    yield _everywhere("Reported Source", _selection(domains.REPORTED_SOURCE, required=True), 1_000_000_215)
    yield _everywhere("Vendor Ticket Number", Shape(limit=settings.vendor_ticket_limit))


_CUSTOMER = (
    _everywhere("First Name", _SHORT.but(required=True), 1_000_000_019, create="First_Name"),
    _everywhere("Last Name", _SHORT.but(required=True), 1_000_000_018, create="Last_Name"),
    _everywhere("Middle Initial", _SHORT),
    _everywhere("Company", _TEXT, 1_000_000_001),
    _everywhere("Contact Company", _TEXT, 1_000_000_082, create="Contact_Company"),
    _everywhere("Customer Login ID", _TEXT, create="Login_ID"),
    _everywhere("Phone Number", _PRIVATE, create="Phone_Number"),
    _everywhere("Person ID", _TEXT),
    _everywhere("Internet E-mail", _TEXT),
    _everywhere("Corporate ID", _TEXT),
    _everywhere("VIP", _YES_NO),
    *(
        _everywhere(key, _TEXT)
        for key in ("Organization", "Department", "Region", "Site", "Site Group", "Site ID")
    ),
    *(_everywhere(key, _TEXT) for key in ("Street", "State Province", "Zip/Postal Code", "Desk Location")),
    *(
        _everywhere(f"Direct Contact {part}", _TEXT)
        for part in ("Company", "First Name", "Last Name", "Phone Number", "Internet E-mail", "Organization")
    ),
)

_ASSIGNMENT = (
    _everywhere("Assigned Group", _SHORT, 1_000_000_217),
    _everywhere("Assigned Group ID", _SHORT),
    _everywhere("Assigned Support Company", _TEXT, 1_000_000_251),
    _everywhere("Assigned Support Organization", _SHORT, 1_000_000_014),
    _everywhere("Assignee", Shape(limit=69), 1_000_000_218),
    _everywhere("Assigned Group Shift Name", _SHORT),
    _after_create("Owner Group", _SHORT),
    _after_create("Owner Group ID", _SHORT),
    _after_create("Owner Support Company", _TEXT),
    _after_create("Owner Support Organization", _SHORT),
    _desk_only("Owner", _TEXT),
    _desk_only("Owner Login ID", _TEXT),
    _after_create("Total Transfers", _COUNT),
    _desk_only("Group Transfers", _COUNT),
    _desk_only("Individual Transfers", _COUNT),
)

_CATEGORIES = (
    *(_everywhere(f"Categorization Tier {n}", _SHORT, 1_000_000_062 + n) for n in (1, 2, 3)),
    *(_everywhere(f"Product Categorization Tier {n}", _SHORT, 200_000_002 + n) for n in (1, 2, 3)),
    _everywhere("Product Name", _TEXT),
    _everywhere("Product Model/Version", _TEXT),
    _everywhere("Manufacturer", _TEXT),
    _everywhere("Resolution Category", _SHORT, create="Resolution Category Tier 1"),
    *(_everywhere(f"Resolution Category Tier {n}", _SHORT) for n in (2, 3)),
    *(_everywhere(f"Closure Product Category Tier{n}", _SHORT) for n in (1, 2, 3)),
    _everywhere("Closure Product Name", _TEXT),
    _everywhere("Closure Product Model/Version", _TEXT),
    _everywhere("Closure Manufacturer", _TEXT),
    _everywhere("Resolution Method", _SHORT),
    _Line(
        key="Generic Categorization Tier 1",
        shape=_SHORT,
        create="Generic Categorization Tier 1",
        desk="Generic Categorization Tier 1",
    ),
    *(_desk_only(f"Generic Categorization Tier {n}", _SHORT) for n in (2, 3)),
)

_DATES = (
    _everywhere("Reported Date", _TIME),
    _everywhere("Required Resolution DateTime", _TIME),
    _after_create("Responded Date", _STAMP),
    _after_create("Last Acknowledged Date", _STAMP),
    _after_create("Last Resolved Date", _STAMP),
    _after_create("Closed Date", _STAMP),
    _after_create("Estimated Resolution Date", _TIME),
    _after_create("Last _Assigned_Date", _STAMP),
    _desk_only("Re-Opened Date", _STAMP),
    _desk_only("Last SLA Hold Date", _STAMP),
    _desk_only("INCAutoCloseResolved_Sec", _COUNT),
)

_LINKS = (
    *(
        _everywhere(key, _TEXT)
        for key in ("Vendor Name", "Vendor Organization", "Vendor Group", "Vendor Group ID")
    ),
    _desk_only("Assign To Vendor", _YES_NO),
    *(_everywhere(key, _TEXT) for key in ("SRID", "SRInstanceID", "TemplateID", "mc_ueid", "InstanceId")),
    *(_everywhere(key, _TEXT) for key in ("HPD_CI", "HPD_CI_ReconID", "ServiceCI", "ServiceCI_ReconID")),
    *(_everywhere(key, _TEXT) for key in ("Assignee Groups", "Broker Vendor Name", "ClientLocale")),
    _desk_only("OutboundIdentifier", _TEXT),
    _Line(key="Incident_Entry_ID", shape=_TEXT.but(system=True), create="Incident_Entry_ID"),
)

_SWITCH = _YES_NO.but(display=True)
_ACTIVITY = (
    _everywhere("z1D Action", _DISPLAY, 1_000_000_076, create="z1D_Action"),
    _everywhere("z1D_Details", _DISPLAY),
    _Line(
        key="z1D_WorklogDetails", shape=_DISPLAY, create="z1D_WorklogDetails", interface="z1D_WorklogDetails"
    ),
    _after_create("z1D_Summary", _DISPLAY),
    _everywhere("z1D_Activity_Type", _selection(domains.WORK_LOG_TYPE).but(display=True)),
    _everywhere("z1D_View_Access", _selection(domains.VIEW_ACCESS).but(display=True)),
    _everywhere("z1D_Secure_Log", _SWITCH),
    _everywhere("z1D_CommunicationSource", _selection(domains.COMMUNICATION_SOURCE).but(display=True)),
    _everywhere("z1D_ActivityDate_tab", _TIME.but(display=True)),
    _Line(key="z1D_WorkInfoSubmitter", shape=_DISPLAY, interface="z1D_WorkInfoSubmitter"),
    _everywhere("z1D Char01", _DISPLAY),
    _Line(key="z1D_Char02", shape=_DISPLAY, create="z1D_Char02", interface="z1D_Char02"),
    _after_create("z1D Char02", _DISPLAY),
)


def incident_forms(settings: RemedySettings) -> tuple[Form, Form, Form]:
    """Return the create form, the joined form and the Help Desk, in this order."""
    lines = (*_core(settings), *_CUSTOMER, *_ASSIGNMENT, *_CATEGORIES, *_DATES, *_LINKS, *_ACTIVITY)
    create = [_named(line, line.create) for line in lines if line.create]
    interface = [_named(line, line.interface) for line in lines if line.interface]
    desk = [_named(line, line.desk) for line in lines if line.desk]
    return (
        form_of(CREATE, "Request ID", create),
        form_of(INTERFACE, "Join ID", interface),
        form_of(HELP_DESK, "Entry ID", desk),
    )


def _named(line: _Line, name: str | None) -> Named:
    return Named(name=name or line.key, key=line.key, shape=line.shape, number=line.number)
