"""What was given up, put before a person: later words of the incident wait behind it until somebody decides."""

from __future__ import annotations

from bridge.decide.draft import Draft

#: How much of a server's words a flag repeats.
_LONGEST = 200


def flag_dead(draft: Draft) -> None:
    """Flag that something could not be carried out after all its tries, as long as that is so."""
    words = " ".join(next(iter(draft.seen.dead.values()), "").split())[:_LONGEST]
    flagged = [flag.detail for flag in draft.dossier.flags if flag.what == "given_up"]
    if draft.seen.dead and flagged == [words]:
        return
    draft.clear_flag("given_up")
    if draft.seen.dead:
        draft.flag("given_up", words)
