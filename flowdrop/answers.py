"""HTTP responses that do not come, or not completely."""

from __future__ import annotations

from http.client import HTTPException

# What urllib raises when nobody answers, or not to the end, or not in JSON. `HTTPError`, which has
# the status of an error response, is one of these too: catch it first.
NO_ANSWER = (OSError, HTTPException, ValueError)
