"""Wire shapes: each module parses one and renders answers and problems in it."""
