"""Every way in which a secret may be written, so that none of them is shown.

Servers and libraries repeat what they were sent: as it is, in a URL, a form, JSON, HTML or base64.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

_ESCAPED = re.compile(r"%[0-9A-F]{2}")


def spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return the secrets in every spelling, the longest first so that none is cut in half."""
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    return tuple(sorted(forms - {""}, key=lambda form: (-len(form), form)))


def basic(user: str, secret: str) -> str:
    """Return a name and its secret as HTTP's basic authentication sends them."""
    return base64.b64encode(f"{user}:{secret}".encode("utf-8", "replace")).decode("ascii")


def _forms(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "replace")
    quoted = {quote(raw), quote(raw, safe=""), quote_plus(raw)}
    coded = {base64.b64encode(raw).decode("ascii"), base64.urlsafe_b64encode(raw).decode("ascii")}
    return {
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
        *quoted,
        *(_ESCAPED.sub(lambda found: found[0].lower(), form) for form in quoted),
        *coded,
        *(form.rstrip("=") for form in coded),
    }
