"""The refusals of a Jira site, in the bodies that real sites send.

Sources: Jira REST v2/v3 error collections, RFC 7807 bodies of Cloud's binder, and texts quoted in public
issue threads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bridge.simulators.wire import Response

GONE = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)
BAD_PAYLOAD = "Invalid request payload. Refer to the REST API documentation and try again."
BAD_JSON = "There was an error parsing JSON. Check that your request body is valid."
NO_CONTENT = "No content to map to Object due to end of input"
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
NO_ISSUE = "Issue does not exist or you do not have permission to see it."
NO_ISSUE_DC = "Issue Does Not Exist"
OFF_SCREEN = "Field '{field}' cannot be set. It is not on the appropriate screen, or unknown."
TOO_LONG = "The entered text is too long. It exceeds the allowed limit of {limit:,} characters."
LONG_SUMMARY = "Summary can't exceed 255 characters."
NOT_ADF = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
BAD_TRANSITION = "Transition id '{id}' is not valid for this issue."
NO_QUIET = "To discard the user notification either admin or project admin permissions are required."

# Jira answers in the account's language; a client must never read these texts.
_GERMAN = {
    NO_ISSUE: "Vorgang existiert nicht oder Sie haben keine Berechtigung, ihn anzuzeigen.",
    NO_ISSUE_DC: "Vorgang existiert nicht",
    UNBOUNDED: "Unbegrenzte JQL-Abfragen sind hier nicht zulässig. Schränken Sie Ihre Abfrage ein.",
    LONG_SUMMARY: "Die Zusammenfassung darf 255 Zeichen nicht überschreiten.",
    BAD_PAYLOAD: "Ungültige Anforderungsnutzlast. Bitte lesen Sie die REST-API-Dokumentation.",
}


class Refused(Exception):
    """The site refuses a call: status, body and headers of the answer."""

    def __init__(
        self,
        status: int,
        body: Any,
        *,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.kind = kind
        self.headers = dict(headers or {})

    def response(self, *, localised: bool = False) -> Response:
        """Give the answer; ``localised`` sends the texts that we know in German."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)
        if localised:
            for english, german in _GERMAN.items():
                text = text.replace(english, german)
        return Response(
            status=self.status,
            headers={"Content-Type": f"{self.kind};charset=UTF-8", **self.headers},
            body=text.encode("utf-8"),
        )


def refused(status: int, *texts: str, **errors: str) -> Refused:
    """Make the usual error collection: general ``texts`` and ``errors`` by field."""
    return Refused(status, {"errorMessages": list(texts), "errors": errors})


def field_refused(errors: Mapping[str, str], status: int = 400) -> Refused:
    """Make an error collection that speaks of fields only; a field id need not be an identifier."""
    return Refused(status, {"errorMessages": [], "errors": dict(errors)})


def message_only(status: int, text: str) -> Refused:
    """Make the body of Cloud's JSON binder: ``errorMessages`` and nothing else."""
    return Refused(status, {"errorMessages": [text]})


def problem(
    status: int, title: str, detail: str, instance: str, headers: Mapping[str, str] | None = None
) -> Refused:
    """Make an RFC 7807 body, as Cloud's framework sends before Jira itself sees a call."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": instance}
    return Refused(status, body, kind="application/problem+json", headers=headers)


def fault(status: int, text: str, headers: Mapping[str, str] | None = None) -> Refused:
    """Make the body of a server fault or of Data Center's REST framework."""
    return Refused(status, {"message": text, "status-code": status, "stack-trace": ""}, headers=headers)
