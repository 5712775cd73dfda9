"""What the structs of Rust say of the JSON that they become: read from their source, which `cargo fmt` has laid out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("src", "swim-core/src")


class Field(NamedTuple):
    """A field of JSON: may it be left out, or is it `null` or left out where there is nothing? Its type, without `Option`."""

    absent: bool
    option: bool
    kind: str


class Shape(NamedTuple):
    """A struct or an enum."""

    file: str
    attributes: str
    lines: list[str]


def _shapes() -> dict[str, list[Shape]]:
    shapes = defaultdict(list)
    for folder in SOURCES:
        for file in sorted((ROOT / folder).rglob("*.rs")):
            text = re.sub(r"^\s*//.*\n", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            found = r"^((?:#\[[^\n]*\]\n)*)pub(?:\(\w+\))? (?:struct|enum) (\w+)(?:<[^>]*>)? \{\n(.*?)^\}"
            for attributes, name, body in re.findall(found, text, re.MULTILINE | re.DOTALL):
                shapes[name].append(Shape(str(file.relative_to(ROOT)), attributes, body.splitlines()))
    return shapes


SHAPES = _shapes()
#: Where the structs are from that are part of others, and have the name of another one.
FLATTENED = {"Entry": "catalog/entry.rs::Entry", "Answer": "recommend/answer.rs::Answer"}


def shape(name: str) -> Shape | None:
    """By its name, with the end of its file's path before it where there are several: `entry.rs::Entry`."""
    file, _, name = name.rpartition("::")
    fitting = [one for one in SHAPES.get(name, ()) if one.file.endswith(file) and "Serialize" in one.attributes]
    assert len(fitting) < 2, f"{name}: say which: {[one.file for one in fitting]}"
    return fitting[0] if fitting else None


def _declared(lines: list[str]) -> Iterator[tuple[str, str, str]]:
    """Attributes, name and type of each field."""
    attributes, open_attribute, field = "", False, ""
    for line in map(str.strip, lines):
        if open_attribute or line.startswith("#["):
            attributes, open_attribute = attributes + line, not line.endswith("]")
            continue
        field += line
        named = re.fullmatch(r"(?:pub(?:\(\w+\))? )?(?:r#)?(\w+): (.+),", field)
        if named is None:
            # The head of a variant, or the first line of a longer type.
            field = "" if line.endswith("{") or line.startswith("}") or re.fullmatch(r"\w+,", line) else field
            attributes = attributes if field else ""
            continue
        yield attributes, named[1], named[2]
        attributes, field = "", ""


def fields(name: str) -> dict[str, Field]:
    """The fields of JSON that a struct becomes, or any variant of an enum with a tag inside."""
    found = shape(name)
    assert found is not None, name
    tag = re.search(r'tag = "(\w+)"', found.attributes)
    said = {tag[1]: Field(False, False, "String")} if tag else {}
    for attributes, field, kind in _declared(found.lines):
        inner = re.sub(r"^Option<(.*)>$", r"\1", kind)
        absent = "skip_serializing_if" in attributes or tag is not None
        if "flatten" in attributes:
            part = re.sub(r"^(?:Arc|Box)<(.*)>$", r"\1", inner)
            flat = fields(FLATTENED.get(part, part))
            said.update({one: of._replace(absent=of.absent or inner != kind) for one, of in flat.items()})
        elif not re.search(r"\bskip(_serializing)?\b", attributes):
            renamed = re.search(r'rename = "(\w+)"', attributes)
            said[renamed[1] if renamed else field] = Field(absent, inner != kind, inner)
    return said
