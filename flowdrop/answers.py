"""Answers over HTTP that do not come, or not whole."""

from __future__ import annotations

from http.client import HTTPException

# What urllib raises when nobody answers, or not to the end, or not in JSON. The status of an answer
# that is an error is told by `HTTPError`, which is one of these too: catch it first.
NO_ANSWER = (OSError, HTTPException, ValueError)
