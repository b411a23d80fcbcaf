"""The apps that are served while we measure: each is copied into a fresh folder as `app.py` or `server.js`."""
