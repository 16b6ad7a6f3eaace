"""What is wrong with data or a learner, as one sentence with the remedy."""

from __future__ import annotations

import click


class UnusableError(click.ClickException, ValueError):
    """Data or a learner can't be used; the sentence says which column or rows, and what to do.

    A command ends with it, a notebook catches it as a `ValueError`.
    """
