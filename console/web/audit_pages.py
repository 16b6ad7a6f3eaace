"""The audit log as a page, and whether its chain is whole."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from console.access import audit
from console.web.rendering import page
from console.web.state import state
from console.web.visit import needs

router = APIRouter(
    prefix="/audit",
    include_in_schema=False,
    default_response_class=HTMLResponse,
    dependencies=[Depends(needs("audit.read"))],
)
PAGE_ENTRIES = 50


@router.get("")
def log(
    request: Request, before: int | None = None, about: str = "", *, check: bool = False
) -> HTMLResponse:
    """Show the latest entries; `check` reads the whole chain again."""
    with state(request).session() as session:
        found = audit.entries(session, limit=PAGE_ENTRIES, before=before, about=about.strip())
        return page(
            request,
            "audit.html",
            entries=found,
            about=about.strip(),
            older=found[-1].id if len(found) == PAGE_ENTRIES else None,
            total=audit.count(session),
            verdict=audit.verify(session) if check else None,
        )
