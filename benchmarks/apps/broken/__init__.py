"""Releases that must never replace a good one: each is copied over the good `app.py` or `server.js` before a reload."""
