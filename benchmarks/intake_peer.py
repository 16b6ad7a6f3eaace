"""What a shop that writes Python would put before Kafka: FastAPI, pydantic and aiokafka.

    python -m benchmarks.intake_peer BOOTSTRAP PORT

It checks who asks and what an event consists of, sends each event to its account's partition by an
idempotent producer, and answers once Kafka has all of them. It knows neither the types nor sources.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from contextlib import asynccontextmanager
from datetime import datetime  # noqa: TC003 - read while it runs
from typing import TYPE_CHECKING, Annotated, Any, Literal

import uvicorn
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel

from streams.events import CAMPAIGN_TOPIC, WALLET_TOPIC, partition_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

TOKEN = "of-the-benchmark"  # noqa: S105
PARTITIONS = 8


class Event(BaseModel):
    """A CloudEvent."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    time: datetime
    subject: str
    data: dict[str, Any]


def create_app(bootstrap: str) -> FastAPI:
    """Return the application."""
    producers: list[AIOKafkaProducer] = []

    @asynccontextmanager
    async def live(_app: FastAPI) -> AsyncIterator[None]:
        producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            enable_idempotence=True,
            compression_type="lz4",
            linger_ms=2,
        )
        await producer.start()
        producers.append(producer)
        yield
        await producer.stop()

    app = FastAPI(lifespan=live)

    async def deliver(events: Sequence[Event]) -> None:
        sent = [
            await producers[0].send(
                CAMPAIGN_TOPIC if event.type.startswith("flowdrop.campaign.") else WALLET_TOPIC,
                event.model_dump_json().encode(),
                key=event.subject.encode(),
                partition=partition_of(event.subject, PARTITIONS),
            )
            for event in events
        ]
        await asyncio.gather(*sent)

    @app.post("/v1/events", status_code=202)
    async def many(events: list[Event], authorization: Annotated[str, Header()]) -> dict[str, Any]:
        require(authorization)
        await deliver(events)
        return {"accepted": len(events), "events": [{"id": event.id} for event in events]}

    @app.post("/v1/event", status_code=202)
    async def one(event: Event, authorization: Annotated[str, Header()]) -> dict[str, Any]:
        require(authorization)
        await deliver([event])
        return {"accepted": 1, "id": event.id}

    return app


def require(authorization: str) -> None:
    """Return if a request shows the key."""
    if not secrets.compare_digest(authorization, f"Bearer {TOKEN}"):
        raise HTTPException(401)


if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[1]), port=int(sys.argv[2]), access_log=False, log_level="warning"
    )
