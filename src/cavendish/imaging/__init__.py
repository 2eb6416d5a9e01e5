"""Stage 5 of a request: pictures as arrays — decode, encode, color, geometry; called by engines, ops and pixels."""
