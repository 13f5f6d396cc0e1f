"""Text between Jira's two languages: wiki markup (v2) and Atlassian Document Format (v3).

The site keeps wiki markup; a v3 caller's document is turned into it on the way in and rebuilt on the way
out, so that one stored value reads back in both, as on Cloud.  Only what people write in tickets is
covered: paragraphs, line breaks, headings, lists, preformatted blocks, links, and strong, emphasised and
monospaced words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_BLOCK = re.compile(r"\{(noformat|code)(?::[^}]*)?\}\n?(.*?)\n?\{\1\}", re.DOTALL)
_INLINE = re.compile(
    r"\\(?P<escaped>[*_{}\[\]\\])"
    r"|\{\{(?P<mono>[^{}]+)\}\}"
    r"|\[(?P<label>[^|\[\]\n]+)\|(?P<target>[^|\[\]\s]+)\]"
    r"|(?<!\w)\*(?P<strong>[^\s*](?:[^*\n]*[^\s*])?)\*(?!\w)"
    r"|(?<!\w)_(?P<em>[^\s_](?:[^_\n]*[^\s_])?)_(?!\w)"
)
_HEADING = re.compile(r"^h([1-6])\. +(.*)$")
_BULLET = re.compile(r"^([*#]) +(.*)$")
_MARKS = {"mono": "code", "strong": "strong", "em": "em"}
_WRAPS = {"code": ("{{", "}}"), "strong": ("*", "*"), "em": ("_", "_")}

Node = dict[str, Any]


def document(text: str) -> Node:
    """Turn wiki markup into a document."""
    content: list[Node] = []
    position = 0
    for block in _BLOCK.finditer(text):
        content.extend(_blocks(text[position : block.start()]))
        content.append({"type": "codeBlock", "content": _text_nodes(block.group(2))})
        position = block.end()
    content.extend(_blocks(text[position:]))
    return {"type": "doc", "version": 1, "content": content}


def is_document(value: Any) -> bool:
    """Tell whether ``value`` is a document that a site takes: typed nodes, and no empty text."""
    if not isinstance(value, dict) or value.get("type") != "doc" or value.get("version") != 1:
        return False
    return isinstance(value.get("content"), list) and all(_sound(node) for node in value["content"])


def markup(value: Node) -> str:
    """Turn a document into wiki markup."""
    return "\n\n".join(_markup_block(node) for node in value["content"])


def _sound(node: Any) -> bool:
    if not isinstance(node, dict) or not isinstance(node.get("type"), str):
        return False
    if node["type"] == "text":
        return isinstance(node.get("text"), str) and node["text"] != ""
    inner = node.get("content", [])
    return isinstance(inner, list) and all(_sound(child) for child in inner)


def _blocks(text: str) -> Iterator[Node]:
    for chunk in re.split(r"\n[ \t]*\n", text):
        if chunk.strip():
            yield from _chunk(chunk.strip("\n"))


def _chunk(chunk: str) -> Iterator[Node]:
    plain: list[str] = []
    lists: list[tuple[str, str]] = []
    for line in chunk.split("\n"):
        heading, bullet = _HEADING.match(line), _BULLET.match(line)
        if lists and (not bullet or bullet.group(1) != lists[0][0]):
            yield _list(lists)
            lists = []
        if plain and (heading or bullet):
            yield _paragraph(plain)
            plain = []
        if heading:
            level = {"level": int(heading.group(1))}
            yield {"type": "heading", "attrs": level, "content": list(_inline(heading.group(2)))}
        elif bullet:
            lists.append((bullet.group(1), bullet.group(2)))
        else:
            plain.append(line)
    if lists:
        yield _list(lists)
    if plain:
        yield _paragraph(plain)


def _list(items: list[tuple[str, str]]) -> Node:
    kind = "bulletList" if items[0][0] == "*" else "orderedList"
    return {
        "type": kind,
        "content": [{"type": "listItem", "content": [_paragraph([text])]} for _, text in items],
    }


def _paragraph(lines: list[str]) -> Node:
    content: list[Node] = []
    for number, line in enumerate(lines):
        if number:
            content.append({"type": "hardBreak"})
        content.extend(_inline(line))
    return {"type": "paragraph", "content": content}


def _inline(line: str) -> Iterator[Node]:
    nodes = list(_pieces(line))
    merged: list[Node] = []
    for node in nodes:
        if merged and "marks" not in node and "marks" not in merged[-1]:
            merged[-1] = {"type": "text", "text": merged[-1]["text"] + node["text"]}
        else:
            merged.append(node)
    return iter(merged)


def _pieces(line: str) -> Iterator[Node]:
    position = 0
    for found in _INLINE.finditer(line):
        yield from _text_nodes(line[position : found.start()])
        yield _marked(found)
        position = found.end()
    yield from _text_nodes(line[position:])


def _marked(found: re.Match[str]) -> Node:
    if found.group("escaped"):
        return {"type": "text", "text": found.group("escaped")}
    if found.group("label"):
        link = {"type": "link", "attrs": {"href": found.group("target")}}
        return {"type": "text", "text": found.group("label"), "marks": [link]}
    group = next(name for name in _MARKS if found.group(name))
    return {"type": "text", "text": found.group(group), "marks": [{"type": _MARKS[group]}]}


def _text_nodes(text: str) -> list[Node]:
    return [{"type": "text", "text": text}] if text else []


def _markup_block(node: Node) -> str:
    inner = node.get("content", [])
    match node["type"]:
        case "codeBlock":
            return "{noformat}\n" + "".join(child.get("text", "") for child in inner) + "\n{noformat}"
        case "heading":
            return f"h{node.get('attrs', {}).get('level', 1)}. {_markup_inline(inner)}"
        case "bulletList" | "orderedList":
            sign = "*" if node["type"] == "bulletList" else "#"
            return "\n".join(f"{sign} {_markup_item(child)}" for child in inner)
        case "paragraph" | "text":
            return _markup_inline(inner if node["type"] == "paragraph" else [node])
        case _:
            return "\n".join(_markup_block(child) for child in inner)


def _markup_item(item: Node) -> str:
    return " ".join(_markup_block(child) for child in item.get("content", []))


def _markup_inline(nodes: list[Node]) -> str:
    return "".join(_markup_node(node) for node in nodes)


def _markup_node(node: Node) -> str:
    match node["type"]:
        case "hardBreak":
            return "\n"
        case "mention":
            return f"[~accountid:{node.get('attrs', {}).get('id', '')}]"
        case "inlineCard":
            return f"[{node.get('attrs', {}).get('url', '')}]"
        case "text":
            return _markup_text(node)
        case _:
            return _markup_inline(node.get("content", []))


def _markup_text(node: Node) -> str:
    marks = {mark["type"]: mark for mark in node.get("marks", [])}
    text: str = node["text"]
    if "code" not in marks:
        text = re.sub(r"([*_{\[\\])", r"\\\1", text)
    for mark, (before, after) in _WRAPS.items():
        if mark in marks:
            text = f"{before}{text}{after}"
    if "link" in marks:
        text = f"[{text}|{marks['link']['attrs']['href']}]"
    return text
