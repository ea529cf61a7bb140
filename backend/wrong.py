"""What is wrong with a value that was read, in one line that names the field and what would be right.

msgspec says what it found and where; of a word that is not possible, or a field that is not known, it does not say
which are.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

PART = re.compile(r"\[[^]]*\]|[^.\[]+")


def describe(error: msgspec.ValidationError, kind: Any) -> str:  # noqa: ANN401  # any type that msgspec can read
    """The error of reading a `kind`, the field first: "guests[0].id: expected `int`, got `str`"."""
    text, _, place = str(error).partition(" - at `$")
    place = place.rstrip("`").lstrip(".")
    types = list(_types_at(inspect.type_info(kind), PART.findall(place)))
    if text.startswith("Invalid enum value "):
        text = f"{text.removeprefix('Invalid enum value ')} is none of: {', '.join(_words(types))}"
    elif text.startswith("Object contains unknown field "):
        text = f"{text.removeprefix('Object contains ')}; there are: {', '.join(_fields(types))}"
    else:
        text = text[:1].lower() + text[1:]
    return f"{place}: {text}" if place else text


def _types_at(found: inspect.Type, parts: list[str]) -> Iterator[inspect.Type]:
    """What may stand at that place."""
    if isinstance(found, inspect.Metadata):
        yield from _types_at(found.type, parts)
    elif isinstance(found, inspect.UnionType):
        for one in found.types:
            yield from _types_at(one, parts)
    elif not parts:
        yield found
    else:
        for one in _inside(found, parts[0]):
            yield from _types_at(one, parts[1:])


def _inside(found: inspect.Type, part: str) -> Iterator[inspect.Type]:
    if isinstance(found, inspect.StructType):
        yield from (field.type for field in found.fields if field.name == part)
    elif isinstance(found, inspect.ListType):
        yield found.item_type
    elif isinstance(found, inspect.DictType):
        yield found.value_type


def _words(types: list[inspect.Type]) -> list[str]:
    return [str(value) for found in types if isinstance(found, inspect.LiteralType) for value in found.values]


def _fields(types: list[inspect.Type]) -> list[str]:
    return [field.name for found in types if isinstance(found, inspect.StructType) for field in found.fields]
