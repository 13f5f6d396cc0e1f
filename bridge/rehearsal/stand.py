"""Both simulated servers at an address on this machine, for people and REST clients to poke at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

from bridge.rehearsal.office import CAST, NAMES
from bridge.rehearsal.world import DESK_ACCOUNT, DESK_PASSWORD, TRACKER_TOKEN, Flavour, World
from bridge.simulators.jira import Person
from bridge.simulators.serve import Served

_INCIDENTS = (
    ("Payment page shows a blank sum", "Mobile Bank", "Defect"),
    ("Card limit cannot be changed", "Cards", "Defect"),
    ("Customer forgot the password", "Mobile Bank", "Access"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where to listen; 0 takes a free port."""

    desk: int = 0
    tracker: int = 0


class Stand:
    """A world that is served over HTTP; a context manager that frees its ports."""

    def __init__(self, world: World, ports: Ports) -> None:
        """Listen at once; ``OSError`` where a port is taken."""
        self.world = world
        self._desk = Served(world.desk_wire, port=ports.desk)
        try:
            self._tracker = Served(world.tracker_wire, port=ports.tracker)
        except OSError:
            self._desk.close()
            raise

    @classmethod
    def real_time(cls, flavour: Flavour, ports: Ports, clock: Callable[[], datetime]) -> Stand:
        """Serve a world in which time passes as everywhere else."""
        return cls(World.build(CAST, flavour=flavour, clock=clock), ports)

    @property
    def desk_url(self) -> str:
        """The address of the simulated Remedy."""
        return self._desk.url

    @property
    def tracker_url(self) -> str:
        """The address of the simulated Jira."""
        return self._tracker.url

    def open_some(self) -> None:
        """Let Frontline open a few incidents to play with."""
        for summary, product, category in _INCIDENTS:
            self.world.desk.people.opens(
                {
                    "Description": summary,
                    "Assigned Group": "Frontline Retail",
                    "Assignee Login ID": "ann",
                    "Status": "In Progress",
                    "Categorization Tier 1": category,
                    "Product Name": product,
                },
                by="ann",
            )

    def close(self) -> None:
        """Free the ports."""
        self._desk.close()
        self._tracker.close()

    def __enter__(self) -> Stand:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def addresses(stand: Stand) -> str:
    """Return what somebody needs to poke at the servers by hand."""
    email = Person.of(DESK_ACCOUNT).email
    cloud = stand.world.flavour == "cloud"
    user = f"{email}, token {TRACKER_TOKEN}" if cloud else f"token {TRACKER_TOKEN} (Bearer)"
    return f"""\
Simulated Remedy   {stand.desk_url}   {DESK_ACCOUNT}, password {DESK_PASSWORD}
Simulated Jira     {stand.tracker_url}   {user}   [{stand.world.flavour}]
Everything in them is made up; they answer on this machine only.  People's passwords and tokens are their
logins: {", ".join(NAMES)}.

What the bridge left in the incidents, and a ticket:
  TOKEN=$(curl -s -d 'username=ann&password=ann' {stand.desk_url}/api/jwt/login)
  curl -sG -H "Authorization: AR-JWT $TOKEN" {stand.desk_url}/api/arsys/v1/entry/HPD:IncidentInterface \\
       --data-urlencode 'fields=values(Incident Number,Status,Description,Vendor Ticket Number)'
  curl -s {_curl_auth(stand)} '{stand.tracker_url}/rest/api/2/issue/FRONT-1?fields=summary,status,description'
"""


def _curl_auth(stand: Stand) -> str:
    if stand.world.flavour == "cloud":
        return f"-u {Person.of('dev.ana').email}:dev.ana"
    return "-H 'Authorization: Bearer dev.ana'"


def rehearsal(stand: Stand) -> str:
    """Return a configuration for a bridge between the two servers, and the first thing to try."""
    email = "" if stand.world.flavour == "datacenter" else f", email: {Person.of(DESK_ACCOUNT).email}"
    number = stand.world.desk.people.numbers()[0]
    return f"""\
To rehearse with a bridge between them, save this as rehearsal.yaml beside the folder rules/:

  state: sqlite:///rehearsal.db
  schedule: {{poll: 5s, overlap: 2m, resync: "03:00"}}
  desks:
    itsm: {{connector: remedy, url: "{stand.desk_url}", username: {DESK_ACCOUNT}, password: {{env: REMEDY_PASSWORD}}}}
  trackers:
    jira: {{connector: jira, url: "{stand.tracker_url}"{email}, token: {{env: JIRA_TOKEN}}}}
  pairs:
    - {{name: retail, desk: itsm, tracker: jira, rules: [rules/frontline.yaml]}}

  export REMEDY_PASSWORD={DESK_PASSWORD} JIRA_TOKEN={TRACKER_TOKEN}
  bridge -c rehearsal.yaml check --live
  bridge -c rehearsal.yaml run

and, while it runs, ask for a ticket as Ann:
  curl -s -X POST -H "Authorization: AR-JWT $TOKEN" -H 'Content-Type: application/json' \\
       {stand.desk_url}/api/arsys/v1/entry/HPD:WorkLog -d '{{"values": {{"Incident Number": "{number}",
       "Work Log Type": "General Information", "Detailed Description": "#ticket the sum is blank"}}}}'
"""
