"""Stage 4 to 7 of a request: the row that is job, reservation and log line at once, and the workers that run it."""
