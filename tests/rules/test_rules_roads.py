"""Side roads of a rule that cannot be meant are told in their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.rules.load import load_rules
from bridge.rules.problems import ConfigProblems

END = "any: [{fix_version: released}]}"

RULE = """\
maps:
  causes: {Mobile: Code, Cards: Weather}
rules:
  - name: a
    ticket: {project: FRONT}
    hold:
      deployed: {any: [{fix_version: released}]}
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("{fix_version: released}", "{change: {status: [Cancelled]}}",
         "a change that is 'Cancelled' has brought nothing into production"),
        ("{fix_version: released}", "{change: {state: [Completed]}}", "unknown key 'state'"),
        (END, "verify: {remind: {after: 30s}}",
         "must be between 1m and 90d"),
        (END, "verify: {remind: {after: 1d, times: 0}}",
         "must be at least 1"),
        (END, "workaround: {frees: true}",
         "give a label, a field, or both"),
        (END, "workaround: {label: workaround, says: ['#verified']}",
         "collides"),
        (END, "workaround: {field: work_around}",
         "unknown name 'work_around'"),
        (END, "cause: {field: Cause, one_of: [Code], propose: {of: component}}",
         "did you mean 'components'?"),
        (END, "cause: {field: Cause, one_of: [Code], propose: {of: components, map: cause}}",
         "unknown map 'cause', did you mean 'causes'?"),
        (END, "cause: {field: Cause, one_of: [Code], propose: {of: components, map: causes}}",
         "proposes 'Weather', which is not in one_of"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    """Each mistake is told alone, with its line."""
    file = tmp_path / "r.yaml"
    more = f"{old}\n      {new}" if old == END else new
    file.write_text(RULE.replace(old, more), encoding="utf-8")
    with pytest.raises(ConfigProblems) as caught:
        load_rules([file])
    (problem,) = caught.value.problems
    assert told in problem.text
    assert problem.line >= 7


def test_side_roads_are_read(tmp_path: Path) -> None:
    """Everything together is a rule."""
    more = """
      verify: {remind: {after: 12h}}
      workaround: {label: workaround, field: Workaround, frees: true}
      cause: {field: Cause, one_of: [Code, Weather], propose: {of: components, map: causes}}
    mirror: {attachments: none}
"""
    file = tmp_path / "r.yaml"
    file.write_text(RULE.replace("{fix_version: released}", "{change: {}}").rstrip() + more, encoding="utf-8")
    hold = load_rules([file]).rules[0].hold
    assert hold.deployed.any_[0].change.status == ("Completed", "Closed")  # type: ignore[union-attr]
    assert hold.verify.remind is not None
    assert hold.verify.remind.times == 3
