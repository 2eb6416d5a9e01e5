"""Stage 1 and 8 of a request: HTTP in and out; called by the server, calls the service."""
