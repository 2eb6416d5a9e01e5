"""Stage 5 of a request: which pixels the words mean; called by the embedded engine, calls weights and pixels."""
