"""What a web app imports: access log, sessions, trusted proxy.

Pure ASGI and WSGI callables, which work in any app under any server, without the daemon.
"""
