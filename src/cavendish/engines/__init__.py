"""Stage 5 of a request: who does the plan, the embedded CPU engine or another; called by the service, via the router."""
