"""Stage 6 of a request: what a result file says of its own making; called by the service."""
