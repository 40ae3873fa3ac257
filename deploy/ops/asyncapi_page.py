"""The AsyncAPI document as one page that needs nothing else: topics, events, their fields, headers and an example of each."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

type Json = dict[str, Any]

BOUNDS = {
    "minimum": "≥ {}",
    "maximum": "≤ {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "maxProperties": "at most {} names",
    "pattern": "{}",
    "const": "{}",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One field: its place as `lines[].kind`, its types, whether it is always there, its bounds, what it is."""

    place: str
    types: str
    always: bool
    bounds: str
    says: str


def page(document: Json) -> str:
    """The page. `document` is self-contained, as `asyncapi.document` makes it."""
    environment = Environment(loader=PackageLoader("deploy.ops", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"prose": prose, "json": lambda value: json.dumps(value, ensure_ascii=False, indent=2)}
    schemas = document["components"]["schemas"]

    def fields(reference: str) -> list[Row]:
        return [*_rows(schemas[_name(reference)], schemas, "")]

    return environment.get_template("asyncapi.html.j2").render(document=document, fields=fields, name=_name) + "\n"


def prose(text: str) -> str:
    """The little Markdown of our pages as HTML: paragraphs, lists, **bold**, *italic*, `code`."""
    blocks = [_block(block) for block in re.split(r"\n\n+|\n(?=- |\d+\. )", text.strip())]
    return re.sub(r"</ul>\n<ul>|</ol>\n<ol>", "\n", "\n".join(blocks))


def _block(block: str) -> str:
    words = " ".join(line.strip() for line in block.splitlines())
    if words.startswith("- "):
        return f"<ul><li>{_inline(words[2:])}</li></ul>"
    if numbered := re.match(r"\d+\. ", words):
        return f"<ol><li>{_inline(words[numbered.end() :])}</li></ol>"
    return f"<p>{_inline(words)}</p>"


def _inline(words: str) -> str:
    """Code first, so that stars inside it stay stars."""
    parts = re.split(r"`([^`]+)`", escape(words, quote=False))
    for place in range(0, len(parts), 2):
        parts[place] = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", parts[place])
        parts[place] = re.sub(r"\*(.+?)\*", r"<em>\1</em>", parts[place])
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def _name(reference: str) -> str:
    """The last part of a reference."""
    return reference.rpartition("/")[2]


def _rows(schema: Json, schemas: Json, place: str) -> Iterator[Row]:
    """A row for each field, and behind it those of the fields inside it."""
    for name, field in schema.get("properties", {}).items():
        here = f"{place}.{name}" if place else name
        branches = [*_branches(field, schemas)]
        bounds = "; ".join(dict.fromkeys(bound for branch in branches for bound in _bounds(branch)))
        says = [field.get("description"), *(branch.get("description") for branch in branches)]
        types = " or ".join(dict.fromkeys(_type(branch, schemas) for branch in branches))
        yield Row(here, types, name in schema.get("required", ()), bounds, next(filter(None, says), ""))
        for branch in branches:
            yield from _rows(branch, schemas, here)
            for element in _branches(branch["items"], schemas) if "items" in branch else ():
                yield from _rows(element, schemas, f"{here}[]")


def _branches(field: Json, schemas: Json) -> Iterator[Json]:
    if "$ref" in field:
        yield from _branches(schemas[_name(field["$ref"])], schemas)
    elif "anyOf" in field:
        for branch in field["anyOf"]:
            yield from _branches(branch, schemas)
    else:
        yield field


def _type(branch: Json, schemas: Json) -> str:
    if "items" in branch:
        return f"list of {' or '.join(_type(one, schemas) for one in _branches(branch['items'], schemas))}"
    return str(branch.get("type", "anything"))


def _bounds(branch: Json) -> Iterator[str]:
    for keyword, words in BOUNDS.items():
        if keyword in branch:
            yield words.format(branch[keyword])
    if "items" in branch:
        yield from (f"each {bound}" for bound in _bounds(branch["items"]))
