"""Templates of texts: values put into sentences, with ``if`` and a few filters, and nothing that computes.

Jinja2's immutable sandbox, and before it an allow-list of the syntax: no loops, calls, arithmetic, macros or
imports.  A value is never read as a template.  Output is plain text; whoever shows it escapes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bridge.rules.problems import did_you_mean, shown

#: The longest template and the longest output, in characters; below the 32,767 that Jira takes as a text.
LENGTH_LIMIT = 32_000
#: How deep a template's syntax may be nested.
DEPTH_LIMIT = 24
#: The filters that a template may use.
FILTERS = ("default", "join", "lower", "replace", "title", "trim", "truncate", "upper")

_ALLOWED = (
    nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const, nodes.If,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter, nodes.Keyword,
)  # fmt: skip
_SHOWN_AS = {
    "For": "a loop ({% for %})", "Call": "a call", "Concat": "joining with ~", "Macro": "a macro",
    "CallBlock": "a call block", "Import": "an import", "FromImport": "an import", "Include": "an include",
    "Extends": "an extends", "Assign": "an assignment ({% set %})", "Block": "a block", "Dict": "a mapping",
    "AssignBlock": "an assignment ({% set %})", "Test": "a test (is ...)", "List": "a list",
    "Tuple": "a list", "Slice": "a slice", "FilterBlock": "a filter block", "With": "a with block",
}  # fmt: skip
_RUN_TIME_ERRORS = (jinja2.TemplateError, TypeError, ValueError, LookupError, ArithmeticError, AssertionError)


class _Plain(ImmutableSandboxedEnvironment):
    """A sandbox in which a name in brackets, or behind a dot of a mapping, is an item of it and never an attribute."""

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an item; without it the value is missing, whatever else the object has by that name."""
        try:
            return obj[argument]
        except (TypeError, LookupError):
            return self.undefined(obj=obj, name=str(argument))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an item of a mapping, or a safe attribute of anything else."""
        return self.getitem(obj, attribute) if isinstance(obj, Mapping) else super().getattr(obj, attribute)


class TemplateProblem(ValueError):
    """A template cannot be used; the message is a sentence without any value."""


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template; ``items`` are the texts in ``variable["text"]``, by variable."""

    text: str
    items: Mapping[str, frozenset[str]]
    _compiled: jinja2.Template

    def render(self, **values: Any) -> str:
        """Return the text with ``values`` in it, cut at ``LENGTH_LIMIT`` characters.

        Raises ``TemplateProblem`` where a value is missing or does not suit what the template does with it.
        """
        try:
            return _joined(self._compiled.generate(**values))
        except TemplateProblem:
            raise
        except _RUN_TIME_ERRORS as error:
            raise TemplateProblem(f"the template cannot be filled: {_reason(error)}") from None


def compile_template(
    text: str, names: Collection[str], attributes: Mapping[str, Collection[str]] = MappingProxyType({})
) -> Template:
    """Compile a template that may use the variables ``names``.

    Where ``attributes`` has a variable, only those attributes of it exist.  ``TemplateProblem`` says what is
    not allowed and what was probably meant.
    """
    if len(text) > LENGTH_LIMIT:
        raise TemplateProblem(f"the template is longer than {LENGTH_LIMIT} characters")
    environment = _environment()
    try:
        tree = environment.parse(text)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateProblem(f"not a valid template: {error.message} (line {error.lineno} of it)") from None
    except RecursionError:
        raise TemplateProblem("the template is nested too deeply") from None
    for child in tree.iter_child_nodes():
        _check(child, names, attributes, depth=1)
    return Template(text, _items(tree), environment.from_string(tree))


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    # One for all: to make one takes as long as to compile a template, and no template changes it.
    # Notes and fields are plain text: HTML escapes would reach people as such.
    environment = _Plain(undefined=jinja2.StrictUndefined, autoescape=False)
    environment.filters = {name: _bounded(name, environment.filters[name]) for name in FILTERS}
    environment.globals = {}
    environment.tests = {}
    return environment


def _bounded(name: str, apply: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that refuses to grow a text beyond the limit."""
    # Jinja2 hands its own context to filters that it marked so; the mark has to be kept.
    passed = getattr(apply, "jinja_pass_arg", None)
    given = 0 if passed is None else 1

    def bounded(*args: Any, **options: Any) -> Any:
        if _grown(name, args[given:], options) > LENGTH_LIMIT * 4:
            raise TemplateProblem(f"the filter {name} makes the text too long")
        return apply(*args, **options)

    if passed is not None:
        bounded.jinja_pass_arg = passed  # type: ignore[attr-defined]
    return bounded


def _grown(name: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> int:
    """Return how long the output of a filter may become, in characters."""
    length = len(str(args[0])) if args else 0
    words = [str(value) for value in (*args[1:], *options.values())]
    longest = max((len(word) for word in words), default=0)
    if name in ("replace", "join"):
        return length + (length + 1) * longest if longest > 1 else length
    return length + longest


def _check(
    node: nodes.Node, names: Collection[str], attributes: Mapping[str, Collection[str]], depth: int
) -> None:
    if not isinstance(node, _ALLOWED):
        raise TemplateProblem(f"{_construct(node)} is not allowed in a template")
    if depth > DEPTH_LIMIT:
        raise TemplateProblem("the template is nested too deeply")
    if isinstance(node, nodes.Name):
        _check_known("variable", node.name, names)
    elif isinstance(node, nodes.Filter):
        _check_known("filter", node.name, FILTERS)
    elif isinstance(node, nodes.Getattr):
        _check_attribute(node, attributes)
    elif isinstance(node, nodes.Getitem):
        _check_item(node)
    for child in node.iter_child_nodes():
        _check(child, names, attributes, depth + 1)


def _construct(node: nodes.Node) -> str:
    if isinstance(node, nodes.BinExpr | nodes.UnaryExpr):
        return "arithmetic"
    return _SHOWN_AS.get(type(node).__name__, "this")


def _check_known(what: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise TemplateProblem(f"unknown {what} {shown(name)}{did_you_mean(name, known)}")


def _check_attribute(node: nodes.Getattr, attributes: Mapping[str, Collection[str]]) -> None:
    if node.attr.startswith("_"):
        raise TemplateProblem(f"{shown(node.attr)} is not allowed in a template")
    if not isinstance(node.node, nodes.Name):
        raise TemplateProblem(f"{shown(node.attr)} must stand directly behind a variable")
    known = attributes.get(node.node.name)
    if known is not None and node.attr not in known:
        raise TemplateProblem(
            f"{node.node.name} has no {shown(node.attr)}{did_you_mean(node.attr, known)}"
            f" (a field of the desk or tracker: {node.node.name}['Field Name'])"
        )


def _check_item(node: nodes.Getitem) -> None:
    if not isinstance(node.node, nodes.Name):
        raise TemplateProblem("[...] must stand directly behind a variable")
    if not isinstance(node.arg, nodes.Const) or not isinstance(node.arg.value, str):
        raise TemplateProblem("only a name in quotes may stand in [...]")


def _items(tree: nodes.Template) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for variable, item in _named_items(tree):
        found.setdefault(variable, set()).add(item)
    return {variable: frozenset(items) for variable, items in found.items()}


def _named_items(tree: nodes.Template) -> Iterator[tuple[str, str]]:
    for node in tree.find_all(nodes.Getitem):
        if isinstance(node.node, nodes.Name) and isinstance(node.arg, nodes.Const):
            yield node.node.name, str(node.arg.value)


def _joined(pieces: Iterator[str]) -> str:
    parts: list[str] = []
    length = 0
    for piece in pieces:
        parts.append(piece)
        length += len(piece)
        if length > LENGTH_LIMIT:
            return "".join(parts)[: LENGTH_LIMIT - 1] + "…"
    return "".join(parts)


def _reason(error: Exception) -> str:
    if isinstance(error, jinja2.UndefinedError):
        # Jinja2 quotes the name only, but the object that lacks it by its type or repr.
        name = re.search(r"'(\w+)' is undefined", str(error))
        return f"{name[0]}" if name else "a value is missing"
    return "a value does not suit what is done with it"
