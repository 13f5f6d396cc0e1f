"""The simulated Remedy over HTTP: routes, sessions, and the rows behind them.

Strict where a real AR Server is strict: names per form, PUT without an answer, errors as arrays, tokens that
die.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from urllib.parse import parse_qsl, unquote

from bridge.simulators.remedy import refusal, worklog
from bridge.simulators.remedy.change_forms import ASSOCIATIONS, CHANGES
from bridge.simulators.remedy.desk import Desk
from bridge.simulators.remedy.fields import Form, Kind, Row
from bridge.simulators.remedy.incident_forms import CREATE, HELP_DESK, INTERFACE
from bridge.simulators.remedy.listing import Reader, described
from bridge.simulators.remedy.multipart import posted
from bridge.simulators.remedy.other_forms import MEMBERSHIPS, WORK_LOG
from bridge.simulators.remedy.people import People
from bridge.simulators.remedy.predicates import Asking
from bridge.simulators.remedy.refusal import Rejected
from bridge.simulators.remedy.sessions import Account, Sessions
from bridge.simulators.remedy.settings import RemedySettings
from bridge.simulators.remedy.turn import Turn
from bridge.simulators.remedy.values import demand, wishes
from bridge.simulators.wire import Request, Response

_FORM_ENCODED = "application/x-www-form-urlencoded"
_VERSIONS = {"v1", "v1.0"}
_NO_ORIGIN = 9_425  # no source names the real number


class RemedySimulator:
    """One Remedy server: ``handle`` answers HTTP, ``people`` acts without it, the rest sets the scene.

    Thread-safe.  Time comes from ``clock`` alone (aware UTC) and is kept in whole seconds.
    """

    def __init__(self, clock: Callable[[], datetime], settings: RemedySettings | None = None) -> None:
        self._clock = clock
        self._turn = Turn()
        self._desk = Desk(settings or RemedySettings())
        self._reader = Reader(self._desk)
        self.sessions = Sessions(self._desk.settings.seed)
        self.people = People(self._desk, self._turn, self.now)

    @property
    def settings(self) -> RemedySettings:
        """The switches; assign a changed copy (``dataclasses.replace``) to turn one."""
        return self._desk.settings

    @settings.setter
    def settings(self, settings: RemedySettings) -> None:
        with self._turn:
            self._desk.configure(settings)
            self._reader.forget()

    def now(self) -> int:
        """Return the present second since 1970."""
        return int(self._clock().timestamp())

    def add_account(
        self,
        login: str,
        password: str,
        *,
        writes: bool = True,
        reads_memberships: bool = True,
        reads_changes: bool = True,
        companies: Iterable[str] | None = None,
    ) -> Account:
        """Let ``login`` use the REST API.

        ``writes=False`` is a read licence (8932 on writing), ``reads_memberships=False`` gets 353 on the
        support group association form, ``reads_changes=False`` on those of changes,
        ``companies`` limits which rows are seen (None: all).
        """
        seen = None if companies is None else frozenset(companies)
        account = Account(
            login=login,
            password=password,
            writes=writes,
            reads_memberships=reads_memberships,
            reads_changes=reads_changes,
            companies=seen,
        )
        with self._turn:
            self.sessions.accounts[login] = account
        return account

    def add_group(self, name: str, company: str | None = None, organization: str = "IT Support") -> str:
        """Create a support group and return its id; ``company`` defaults to the settings' one."""
        with self._turn:
            owner = company or self.settings.company
            return self._desk.directory.add_group(
                name, company=owner, organization=organization, now=self.now()
            )

    def add_person(
        self,
        login: str,
        full_name: str,
        *,
        groups: Iterable[str] = (),
        company: str | None = None,
        email: str | None = None,
    ) -> str:
        """Create a person, a member of ``groups`` (names or ids); return the person id."""
        with self._turn:
            directory, now = self._desk.directory, self.now()
            owner = company or self.settings.company
            entry = directory.add_person(login, full_name, company=owner, email=email, now=now)
            for group in groups:
                directory.join(login, group, now)
            return entry

    def join_group(self, login: str, group: str) -> None:
        """Make a person a member of a group; ``LookupError`` where either is missing."""
        with self._turn:
            self._desk.directory.join(login, group, self.now())

    def leave_group(self, login: str, group: str) -> None:
        """End a membership."""
        with self._turn:
            self._desk.directory.leave(login, group)

    def retire_group(self, group: str) -> None:
        """Make a group obsolete."""
        with self._turn:
            self._desk.directory.retire_group(group, self.now())

    def revoke_all(self) -> None:
        """End every session, as a restart of the server does."""
        with self._turn:
            self.sessions.revoke_all()

    def handle(self, request: Request) -> Response:
        """Answer one request; refusals are answers too."""
        with self._turn:
            self._desk.settle(self.now())
            try:
                return self._routed(request)
            except Rejected as error:
                return Response.of_json(error.status, error.body())

    def _routed(self, request: Request) -> Response:
        if len(request.target) > self.settings.url_limit:
            return Response.of_text(414, "<h1>Bad Message 414</h1><pre>URI Too Long</pre>", "text/html")
        self._check_origin(request)
        path = [unquote(part) for part in request.raw_path.strip("/").split("/")]
        match [request.method, *path]:
            case ["POST", "api", "jwt", "login"]:
                return self._log_in(request)
            case ["POST", "api", "jwt", "logout"]:
                return self._log_out(request)
            case ["GET", "api", "arsys", version, "entry"] if version in _VERSIONS:
                return Response.of_text(200, "AR System REST API is running.")
            case [_, "api", "arsys", version, *rest] if version in _VERSIONS:
                return self._served(request, rest)
        return Response.of_text(404, "<h2>HTTP ERROR 404</h2><p>Not Found</p>", "text/html")

    def _check_origin(self, request: Request) -> None:
        if not self.settings.requested_by_required or request.method == "GET":
            return
        if "x-requested-by" not in request.headers:
            status = self.settings.requested_by_status
            raise Rejected(_NO_ORIGIN, "The X-Requested-By header is required.", "", status=status)

    def _log_in(self, request: Request) -> Response:
        if not request.headers.get("content-type", "").startswith(_FORM_ENCODED):
            return _unsupported()
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        login, password = form.get("username", ""), form.get("password", "")
        token = self.sessions.log_in(login, password, _address(request), self.now(), self.settings)
        return Response.of_text(200, token)

    def _log_out(self, request: Request) -> Response:
        self._account(request)
        self.sessions.log_out(_token(request))
        return Response(status=204)

    def _account(self, request: Request) -> Account:
        return self.sessions.account(_token(request), self.now(), self.settings)

    def _served(self, request: Request, path: list[str]) -> Response:
        account = self._account(request)
        match [request.method, *path]:
            case ["GET", "fields", name]:
                fields = self._form(name, account).fields.values()
                return Response.of_json(200, [described(field) for field in fields])
            case ["GET", "fields", name, number]:
                return self._described(self._form(name, account), number)
            case ["GET", "entry", name]:
                return self._listed(request, self._form(name, account), account)
            case ["POST", "entry", name]:
                return self._created(request, self._writable(name, account), account)
            case ["GET", "entry", name, entry]:
                form = self._form(name, account)
                row = self._reader.one(form, entry, account)
                return Response.of_json(200, self._reader.entry(form, row, request.query.get("fields")))
            case ["PUT", "entry", name, entry]:
                return self._updated(request, self._writable(name, account), entry, account)
            case ["DELETE", "entry", name, _]:
                self._form(name, account)
                raise Rejected(
                    304, "Must have administrator permissions to perform this operation", status=403
                )
            case ["GET", "entry", name, entry, "attach", field]:
                return self._attached(self._form(name, account), entry, field, account)
        if path and path[0] in {"entry", "fields"}:
            return Response.of_text(405, "<h2>HTTP ERROR 405</h2>", "text/html", {"Allow": "GET,POST,PUT"})
        return Response.of_text(404, "<h2>HTTP ERROR 404</h2><p>Not Found</p>", "text/html")

    def _form(self, name: str, account: Account) -> Form:
        form = self._desk.forms.get(name)
        if form is None:
            raise refusal.no_such_form(name)
        closed_memberships = name == MEMBERSHIPS and not account.reads_memberships
        if closed_memberships or (name in (ASSOCIATIONS, CHANGES) and not account.reads_changes):
            raise Rejected(353, "You have no access to form", name, status=403)
        return form

    def _writable(self, name: str, account: Account) -> Form:
        form = self._form(name, account)
        if not account.writes:
            raise Rejected(8_932, "You do not have write license", account.login)
        return form

    def _described(self, form: Form, number: str) -> Response:
        field = form.find(number)
        if field is None:
            raise refusal.no_such_field(number, form.name, self.settings.unknown_field_status)
        return Response.of_json(200, described(field))

    def _listed(self, request: Request, form: Form, account: Account) -> Response:
        asking = Asking(now=self.now(), login=account.login)
        return Response.of_json(200, self._reader.page(form, request.query, asking, account, request.target))

    def _attached(self, form: Form, entry: str, name: str, account: Account) -> Response:
        row = self._reader.one(form, entry, account)
        field = form.fields.get(name)
        if field is None or field.shape.kind is not Kind.ATTACHMENT:
            raise refusal.no_such_field(name, form.name, self.settings.unknown_field_status)
        held = row.get(field.key)
        if held is None:
            raise refusal.no_such_entry(f"{form.name} : {entry} : {name}")
        return Response(status=200, headers={"Content-Type": "application/octet-stream"}, body=held[1])

    def _created(self, request: Request, form: Form, account: Account) -> Response:
        wish = self._wish(request, form)
        self._reader.wanted(form, request.query.get("fields"))
        demanded = self._known(form, wish)
        demand(form, demanded, fresh=True)
        if form.name == WORK_LOG:
            self._reader_sees(demanded["Incident Number"], account)
            row = self._desk.notes.rows[worklog.add(self._desk, demanded, by=account.login, now=self.now())]
        else:
            row = self._opened(demanded, account)
        return self._created_answer(request, form, row)

    def _reader_sees(self, number: str, account: Account) -> None:
        form = self._desk.forms[HELP_DESK]
        for entry in self._desk.incidents.equal("Incident Number", number) or ():
            self._reader.one(form, entry, account)

    def _known(self, form: Form, wish: Row) -> Row:
        if form.name == WORK_LOG:
            return wish
        if form.name != CREATE:
            raise Rejected(331, "You do not have write access to this form", form.name, status=403)
        action = str(wish.get("z1D Action") or "").upper()
        if action != "CREATE" and (self.settings.action_required or action):
            raise refusal.missing(form.name, "z1D_Action")
        named = any(wish.get(key) for key in ("Customer Login ID", "Person ID"))
        if named or (wish.get("First Name") and wish.get("Last Name")):
            return wish | self._desk.contact(wish)
        return wish

    def _opened(self, wish: Row, account: Account) -> Row:
        own, note = worklog.split(CREATE, wish)
        row = self._desk.open(own, by=account.login, now=self.now())
        if note:
            note["Incident Number"] = row["Incident Number"]
            worklog.add(self._desk, note, by=account.login, now=self.now())
        return self._desk.staging.rows[self._desk.stage(row)]

    def _created_answer(self, request: Request, form: Form, row: Row) -> Response:
        headers = {"Location": self._reader.href(form, row)}
        fields = request.query.get("fields")
        if fields is None:
            return Response(status=201, headers=headers)
        answer = self._reader.entry(form, row, fields)
        if "values" in answer:
            answer["values"] = {name: value for name, value in answer["values"].items() if value is not None}
        return Response.of_json(201, answer, headers)

    def _updated(self, request: Request, form: Form, entry: str, account: Account) -> Response:
        row = self._reader.one(form, entry, account)
        wish = self._wish(request, form)
        demand(form, wish, fresh=False)
        if form.name not in {INTERFACE, HELP_DESK, WORK_LOG}:
            raise Rejected(331, "You do not have write access to this form", form.name, status=403)
        if form.name == WORK_LOG and wish:
            worklog.amend(self._desk, row["Work Log ID"], wish, by=account.login, now=self.now())
        elif wish:
            self._written(form, row, wish, account)
        return Response(status=204)

    def _written(self, form: Form, row: Row, wish: Row, account: Account) -> None:
        own, note = worklog.split(form.name, wish)
        self._desk.write(row["Entry ID"], own, by=account.login, now=self.now())
        if note:
            note["Incident Number"] = row["Incident Number"]
            worklog.add(self._desk, note, by=account.login, now=self.now())

    def _wish(self, request: Request, form: Form) -> Row:
        """Return the written fields by storage key, attachments as (name, bytes)."""
        values, files = posted(request, form, self.settings.attachment_limit)
        wish = wishes(form, values, status=self.settings.unknown_field_status)
        return {**wish, **files}


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme == "AR-JWT" else ""


def _address(request: Request) -> str:
    return request.headers.get("x-forwarded-for", "")


def _unsupported() -> Response:
    return Response.of_text(415, "<h2>HTTP ERROR 415</h2><p>Unsupported Media Type</p>", "text/html")
