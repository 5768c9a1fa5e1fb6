"""The inspector's page: what is opened, its images, labels, structure and check."""
