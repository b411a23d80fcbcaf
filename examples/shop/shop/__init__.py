"""A ship chandler's shop: products and orders on SQLite, as JSON and as pages."""
