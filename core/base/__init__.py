"""What everything stands on: the types between the stages, errors, options, registries, small files."""
