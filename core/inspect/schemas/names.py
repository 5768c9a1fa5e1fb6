"""How a schema, and a database of a file that is several, are asked for in one name: "SCHEMA", "sub:DATABASE",
"SCHEMA@DATABASE"."""

from __future__ import annotations

SUB = "sub:"
"""What precedes the name of a database where its schema is the recognised one."""


def names_a_part(choice: str) -> bool:
    """Whether it says which database is meant."""
    return choice.startswith(SUB) or "@" in choice


def join_choice(schema: str, database: str | None) -> str:
    """A schema ("" for the recognised one) and a database (None likewise, "" for the main one) as one name."""
    if database is None:
        return schema
    return f"{schema}@{database}" if schema else f"{SUB}{database}"


def split_choice(choice: str) -> tuple[str, str | None]:
    """(schema, database) of a name that `join_choice` made."""
    if choice.startswith(SUB):
        return "", choice.removeprefix(SUB)
    schema, at, database = choice.partition("@")
    return schema, database if at else None
