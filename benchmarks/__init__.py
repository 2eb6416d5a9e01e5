"""Figures anyone can repeat: every row is a ratio to a named floor or peer measured in the same run."""
