"""One Jira site as the connector calls it: the ``jira`` package, built late, over our session.

The package picks the flavour and builds the addresses; what it would do behind our back (repeat writes,
read whole catalogues, fetch one page of many) is done below it, by its session.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jira
from urllib3.filepost import encode_multipart_formdata

from bridge.connectors.http import Wire
from bridge.connectors.jira.session import Credentials, JiraSession, doing
from bridge.connectors.signs import PORTS, parsed

Json = dict[str, Any]


class Client:
    """Calls by path below ``/rest/api/2/``; nothing is sent before the first of them."""

    def __init__(self, wire: Wire, credentials: Credentials) -> None:
        self.wire = wire
        self._credentials = credentials
        self._jira: jira.JIRA | None = None
        self._session = JiraSession(wire, credentials)
        self._account: str | None = None
        self.info: Json = {}

    @property
    def cloud(self) -> bool:
        """Whether this is a Cloud site; asks the server once."""
        self._open()
        return bool(self._session.cloud)

    @property
    def account(self) -> str:
        """The account id (Cloud) or login name (Data Center) of the bridge; asks the server once."""
        if self._account is None:
            me = self.myself()
            self._account = str(me["accountId" if self.cloud else "name"])
        return self._account

    @property
    def known_account(self) -> str:
        """The same without asking: empty before the first answer."""
        return self._account or ""

    @property
    def site(self) -> str:
        """The address under which people open the site, without a slash at its end."""
        self._open()
        told = str(self.info.get("baseUrl") or "").rstrip("/")
        return told if parsed(told).scheme in PORTS else self.wire.base_url

    def myself(self) -> Json:
        """Read the bridge's own account; ``LostCredentials`` where Jira does not know it."""
        with self.understood("asking who we are", write=False):
            me: Json = self._open().myself()
            _ = me["accountId" if self.cloud else "name"]
            return me

    def transitions(self, issue: str) -> list[Json]:
        """Read what the bridge can do with an issue now, with the fields of each transition's screen."""
        with self.understood("reading transitions", write=False):
            return [dict(each) for each in self._open().transitions(issue, expand="transitions.fields")]

    def comment(self, issue: str, body: str) -> str:
        """Write a comment that customers of a service project do not see; return its id."""
        with self.understood("writing a comment", write=True):
            return str(self._open().add_comment(issue, body, is_internal=True).raw["id"])

    def put_comment(self, issue: str, comment: str, body: str) -> None:
        """Rewrite a comment; it stays one that customers of a service project do not see."""
        internal = [{"key": "sd.public.comment", "value": {"internal": True}}]
        self.put(f"issue/{issue}/comment/{comment}", {"body": body, "properties": internal})

    def get(self, path: str, **params: Any) -> Any:
        """Read what is at ``path``."""
        response = self._session_of().get(self._url(path), params=params or None)
        return self.wire.json(response, write=False, kind=doing("GET", path))

    def read(self, path: str, body: Mapping[str, Any]) -> Json:
        """Ask a question that needs a body: the paths of ``session.READING_POSTS`` only."""
        response = self._session_of().post(self._url(path), data=json.dumps(body))
        with self.understood(doing("POST", path), write=False):
            return dict(self.wire.json(response, write=False, kind=doing("POST", path)))

    def post(self, path: str, body: Mapping[str, Any]) -> Json:
        """Write by POST; return what the server says, empty where it says nothing."""
        response = self._session_of().post(self._url(path), data=json.dumps(body))
        with self.understood(doing("POST", path), write=True):
            return dict(response.json()) if response.content else {}

    def upload(self, path: str, name: str, data: bytes) -> Any:
        """Send one file as Jira takes it: multipart, part ``file``, and no XSRF check (Atlassian: attachments)."""
        body, kind = encode_multipart_formdata({"file": (name, data, "application/octet-stream")})
        headers = {"Content-Type": kind, "X-Atlassian-Token": "no-check"}
        response = self._session_of().post(self._url(path), data=body, headers=headers)
        return self.wire.json(response, write=True, kind=doing("POST", path))

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        """Write by PUT."""
        self._session_of().put(self._url(path), data=json.dumps(body))

    def prove(self) -> None:
        """Make sure that the last answer was meant for us: ask who we are, unless it said so itself."""
        if not self._session.named:
            self._session.prove(self._url("myself"))

    @contextmanager
    def understood(self, kind: str, *, write: bool) -> Iterator[None]:
        """Turn an answer of unexpected shape into ``Unreachable`` or, on a write, ``Ambiguous``."""
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            self.wire.broken(
                kind, f"its answer has an unexpected shape ({type(error).__name__})", write=write
            )

    def close(self) -> None:
        """Let go of the connections."""
        self._jira = None
        self.wire.close()

    def _session_of(self) -> JiraSession:
        self._open()
        return self._session

    def _url(self, path: str) -> str:
        return self._open()._get_url(path)

    def _open(self) -> jira.JIRA:
        """Return the package's client, built and asked for its flavour at the first call."""
        if self._jira is None:
            client = _client(self.wire.base_url, self._session)
            with self.understood("asking what it is", write=False):
                info = dict(client.server_info())
                # Anything but a real answer would be taken for Data Center for good.
                _ = info["baseUrl"], info["version"]
                self.info, client.deploymentType = info, info.get("deploymentType")
            self._session.cloud = client._is_cloud
            self._jira = client
        return self._jira


def _client(server: str, session: JiraSession) -> jira.JIRA:
    """Build the package's client around our session; it has sent nothing yet."""
    client = jira.JIRA(
        server=server,
        options={"rest_api_version": "2", "check_update": False},
        get_server_info=False,
        max_retries=0,
        logging=False,
    )
    session.headers.update({**client._options["headers"], "User-Agent": "bridge"})
    client._session = session
    return client
