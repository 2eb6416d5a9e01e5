"""Stage 2 of a request: the sentence becomes an edit plan, and plan and outcome become a sentence; called by the service."""
