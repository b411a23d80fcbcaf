"""What calls a webhook, in a process of its own: the daemon loads neither http nor ssl, and waits for nobody."""
