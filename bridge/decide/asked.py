"""Since when an answer of Frontline is awaited, and until when."""

from __future__ import annotations

from datetime import datetime

from bridge.decide.stage import Stage
from bridge.model.dossier import Dossier
from bridge.model.incident import Incident
from bridge.rules.shape import Rule


def awaited(incident: Incident, dossier: Dossier, present: Stage) -> datetime | None:
    """Return since when an answer is awaited, None where nothing was asked or it was answered."""
    attempt = dossier.round
    if attempt is None or attempt.answer is not None or not dossier.held or not incident.is_open:
        return None
    return attempt.asked_at if present.ready or present.undecided else None


def deadline(rule: Rule, incident: Incident, dossier: Dossier, present: Stage) -> datetime | None:
    """Return the moment from which an unanswered question is a lead's, None without reminders or question."""
    since, rhythm = awaited(incident, dossier, present), rule.hold.verify.remind
    return since + rhythm.after * rhythm.times if since is not None and rhythm is not None else None
