"""Label files: tables that name image files and say what is in them. docs/importing.md tells the rules."""
