"""Stage 0 of a request: the frozen values that cross stages; everybody imports it, it imports only errors."""
