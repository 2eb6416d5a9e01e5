"""Stage 5 of a request: who does the plan, the embedded engine or another; called by the service via the router."""
