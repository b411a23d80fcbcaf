"""Where session data lives: one file per store, each imported only by those who use it."""
