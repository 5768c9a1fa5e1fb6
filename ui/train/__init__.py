"""The Train page: forms, live pictures, results."""
