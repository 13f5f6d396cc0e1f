"""What people read, in their language: templates by name, filled with plain values.

Package defaults live in ``bridge/texts/<language>.yaml``; a site may override single texts.  A text must
hold together without knowledge of the bridge: subject, fact, who acts next.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bridge.rules.template import Template, TemplateProblem, compile_template

# What an empty part of a text leaves behind.
_GAP = re.compile(r"\n{3,}")

#: The values that each text may use.
VARIABLES: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        # in the incident
        "living": "tickets state next ball queue owner flags round held workaround reassigned deadline",
        "ticket_line": "key status resolution assignee versions follows",
        "note_from_ticket": "author key at text",
        "no_rule": "author queue conditions",
        "no_value": "author field value map",
        "already_linked": "author keys",
        "no_such_ticket": "author key",
        "open_refused": "author why",
        "no_key": "author phrase example",
        "other_project": "author key projects",
        "opened_further": "author key",
        "adopted_further": "author key",
        "linked_in_ticket": "key",
        "check_reopened": "keys",
        "check_extended": "keys linked",
        "fixed": "keys versions next",
        "verify": "keys evidence accept reject cause_field causes round failed_before proposed proposed_by",
        "decide": "keys reasons reject given",
        "decide_lost": "keys",
        "verified": "author at cause_field causes cause_missing cause_value how keys resolved proposed proposed_by files",
        "failed": "author words keys round files",
        "put_back": "status missing keys count limit",
        "put_back_cause": "status count limit cause_field causes cause_value proposed proposed_by",
        "cause_missing": "cause_field causes cause_value proposed proposed_by",
        "remind": "owner keys since next count limit",
        "workaround": "key text frees",
        "reassigned": "old queue keys",
        "routed": "old queue keys",
        "no_target": "key chain",
        "two_tickets": "keys other",
        "released": "author words keys",
        "lost": "key",
        "follows": "key target",
        "unknown_resolution": "key resolution",
        "reopened_after": "key status",
        "not_member": "author queue",
        "not_owner": "author owner",
        "no_membership": "author queue",
        "too_soon": "author keys state",
        "not_leads": "author groups",
        "leads_unreadable": "author groups",
        "hold_over": "author keys",
        "cleared_field": "groups phrase",
        "field_conflict": "field key",
        "field_asked": "field key ours theirs",
        "field_overruled": "field key lost kept",
        "returned": "key target",
        # in the ticket
        "pack": "number priority impact urgency queue owner summary story steps extra url keys",
        "step": "author at text",
        "note_from_incident": "author number at text",
        "ticket_verified": "author at number round how files",
        "ticket_failed": "author at number words round files failed_before",
        "board": "count priority verified lines more",
        "board_line": "number priority queue at",
        "ticket_no_incident": "number",
        "ticket_no_rule": "number queue conditions",
        "ticket_closed": "number status",
        "ticket_released": "author number words",
        "ticket_closed_early": "number status",
        "ticket_decided": "number author",
        "ticket_followed": "number priority queue key",
        "ticket_worked_around": "number author words",
        "ticket_field_overruled": "field number lost kept",
        "cut": "number",
        # words
        "state_unlinked": "", "state_linked": "", "state_fixed": "", "state_deployed": "", "state_verified": "",
        "state_classified": "", "state_resolved": "", "state_decision": "",
        "state_decision_lost": "", "state_released": "",
        "state_closed_early": "", "state_given_up": "", "state_workaround": "",
        "state_linked_second_line": "", "state_linked_third_line": "",
        "next_linked_second_line": "", "next_linked_third_line": "",
        "ball_development": "", "ball_second_line": "keys", "ball_third_line": "keys",
        "ball_frontline": "queue owner", "ball_nobody": "",
        "next_unlinked": "", "next_linked": "", "next_fixed": "versions", "next_deployed": "accept reject",
        "next_verified": "cause_field", "next_classified": "", "next_resolved": "", "next_decision": "reject",
        "next_decision_lost": "",
        "next_released": "", "next_closed_early": "", "next_given_up": "", "next_workaround": "",
        "missing_fixed": "", "missing_deployed": "", "missing_verified": "accept",
        "missing_cause": "cause_field cause_value",
        "missing_decision": "",
        "evidence_fix_version": "detail", "evidence_status": "detail", "evidence_phrase": "detail by",
        "evidence_change": "detail",
        "how_note": "", "how_resolved": "", "how_without_evidence": "",
        "nobody": "", "nothing": "", "not_started": "", "out_of_sight": "",
        "given": "author key text", "failure": "round author words", "moved_on": "old at",
    }.items()
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Voice:
    """The texts of one language."""

    language: str
    templates: Mapping[str, Template]

    def say(self, name: str, **values: str | int | bool) -> str:
        """Return the text ``name`` filled with ``values``; unknown names and missing values are defects."""
        return _GAP.sub("\n\n", self.templates[name].render(**values).strip())

    def moment(self, at: datetime) -> str:
        """Return a moment as people read it; always UTC and said so, because readers sit in several zones."""
        return at.strftime("%Y-%m-%d %H:%M UTC")


def compile_voice(language: str, texts: Mapping[str, str]) -> Voice:
    """Compile the texts of a language; ``ValueError`` names a missing, unknown or unusable one."""
    missing = sorted(VARIABLES.keys() - texts.keys())
    unknown = sorted(texts.keys() - VARIABLES.keys())
    if missing or unknown:
        raise ValueError(f"texts in {language}: missing {missing}, unknown {unknown}")
    return Voice(language, {name: _compiled(name, text) for name, text in texts.items()})


def _compiled(name: str, text: str) -> Template:
    try:
        return compile_template(text, names=set(VARIABLES[name]))
    except TemplateProblem as problem:
        raise ValueError(f"the text {name}: {problem}") from problem
