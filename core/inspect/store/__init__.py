"""Stores built here, by their manifest."""

from ..registration import KindRegistration, schemas

SCHEMAS = schemas(
    "stores",
    {"store": ("ours:BuiltStore", "A store built here")},
)

KIND = KindRegistration(
    where=".inspect.store.file:StoreFile",
    title="Store built here",
    member="manifest.json",
    structure="ui.inspector.structure_store:draw_store",
    schemas=SCHEMAS,
)
