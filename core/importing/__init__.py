"""From a source to a dataset: what an import would bring (`preview`), and the task that does it (`task.Import`)."""
