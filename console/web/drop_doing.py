"""What is done to drops on a request, whether a page or a program asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.drops import register, service
from console.drops.preview import Preview, preview
from console.drops.restraint import of_settings
from console.web.state import AppState, state
from console.web.visit import actor_of
from flowdrop.settings import needed

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import Request

    from console.drops.drawing import Sketch
    from console.drops.terms import Terms


def created(request: Request, wanted: Terms) -> Preview:
    """Create a draft and return it; nothing is published."""
    at = state(request)
    with at.session() as session, at.warehouse.client() as client:
        made = service.create(
            *(session, client, wanted),
            actor=actor_of(request),
            partitions=at.settings.partitions,
            **_drawing(at),
        )
        return preview(session, made)


def sketched(request: Request, wanted: Terms) -> Sketch:
    """Return what creating a draft would come to; nothing is stored."""
    at = state(request)
    with at.session() as session, at.warehouse.client() as client:
        return service.sketch(
            *(session, client, wanted),
            actor=actor_of(request),
            policy=at.policy,
            **_drawing(at),
        )


def changed(request: Request, name: str, change: Callable[..., object], **how: Any) -> Preview:
    """Change a drop by a function of `console.drops.service` and return it."""
    at = state(request)
    with at.session() as session:
        change(session, name, actor=actor_of(request), now=at.now(), **how)
        return preview(session, register.find(session, name))


def launched(request: Request, name: str) -> int:
    """Publish a drop; return how many events Kafka acknowledged."""
    at, actor = state(request), actor_of(request)
    with at.session() as session:
        service.require_launch(session, name, actor, at.policy)
        with at.warehouse.client() as client:
            at.catch_up(client)
            return service.launch(
                *(session, client, name),
                actor=actor,
                policy=at.policy,
                publisher=at.publish,
                now=at.now(),
                restraint=of_settings(at.settings),
            )


def _drawing(at: AppState) -> dict[str, Any]:
    return {
        "programs": at.settings.programs,
        "secret": needed(at.settings.drop_secret, "drop_secret"),
        "now": at.now(),
        "restraint": of_settings(at.settings),
    }
