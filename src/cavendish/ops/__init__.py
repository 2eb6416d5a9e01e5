"""Stage 5 of a request: the operations, one module a family with its words beside it; called by the embedded engine."""
