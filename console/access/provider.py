"""Sign-in by an OpenID Connect provider (Keycloak): authorization code with PKCE, by Authlib.

A person must have been invited; the provider's verified address says who it is the first time,
its own number from then on.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.rfc6749.parameters import (
    parse_authorization_code_response,
    prepare_grant_uri,
)
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import select

from console.access import sign_ins
from console.access.tables import User
from console.i18n import LocalizedText
from console.reports.basis import LocalizedError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from console.settings import ConsoleSettings

TIMEOUT_SECONDS = 10.0
LEEWAY_SECONDS = 60
ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]


class ProviderError(LocalizedError):
    """The provider did not say who it is, or says it is somebody who was not invited."""


@dataclass(frozen=True)
class Asked:
    """What we sent a browser away with, kept in its cookie until it comes back."""

    state: str
    nonce: str
    verifier: str


def ask() -> Asked:
    """Return new random values."""
    return Asked(*(secrets.token_urlsafe(32) for _ in range(3)))


def address(settings: ConsoleSettings, asked: Asked, back: str) -> str:
    """Return where a browser is sent to sign in, and from there `back`."""
    known = _discovered(settings)
    made = prepare_grant_uri(
        known["authorization_endpoint"],
        settings.oidc_client,
        "code",
        redirect_uri=back,
        scope="openid email profile",
        state=asked.state,
        nonce=asked.nonce,
        code_challenge=create_s256_code_challenge(asked.verifier),
        code_challenge_method="S256",
    )
    return str(made)


def person(session: Session, settings: ConsoleSettings, asked: Asked, back: str, came: str) -> User:
    """Return who came back from the provider, at the whole address `came`; the caller commits.

    Raises:
        ProviderError: when it does not say, or says somebody who may not sign in.
    """
    claims = _claims(settings, asked, back, came)
    issuer, subject = str(claims["iss"]), str(claims["sub"])
    known = select(User).where(User.oidc_issuer == issuer, User.oidc_subject == subject)
    user = session.scalar(known)
    if user is None and claims.get("email_verified") is True:
        email = str(claims.get("email", "")).strip().lower()
        user = session.scalar(select(User).where(User.email == email, User.oidc_subject.is_(None)))
    if user is None or not sign_ins.is_active(user):
        raise ProviderError(
            LocalizedText(
                "the provider knows you, but nobody invited you here under a verified address; "
                "ask an administrator"
            )
        )
    user.oidc_issuer, user.oidc_subject = issuer, subject
    return user


def _claims(settings: ConsoleSettings, asked: Asked, back: str, came: str) -> dict[str, Any]:
    known = _discovered(settings)
    try:
        code = parse_authorization_code_response(came, state=asked.state)["code"]
        token = _token(settings, known["token_endpoint"], asked, back, code)
        keys = httpx.get(known["jwks_uri"], timeout=TIMEOUT_SECONDS).raise_for_status().json()
        decoded = jwt.decode(token["id_token"], KeySet.import_key_set(keys), ALGORITHMS)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": known["issuer"]},
                "aud": {"essential": True, "value": settings.oidc_client},
                "sub": {"essential": True},
                "exp": {"essential": True},
                "nonce": {"essential": True, "value": asked.nonce},
            },
            {"nonce": asked.nonce, "client_id": settings.oidc_client},
        )
        claims.validate(leeway=LEEWAY_SECONDS)
    except (AuthlibBaseError, JoseError, httpx.HTTPError, ValueError, KeyError) as error:
        raise ProviderError(
            LocalizedText(
                "the provider's answer does not say who you are; sign in again from the start"
            )
        ) from error
    return dict(claims)


def _token(
    settings: ConsoleSettings, endpoint: str, asked: Asked, back: str, code: str
) -> dict[str, Any]:
    answer = httpx.post(
        endpoint,
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": asked.verifier,
        },
        auth=(settings.oidc_client, settings.oidc_secret.get_secret_value()),
        timeout=TIMEOUT_SECONDS,
    )
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def _discovered(settings: ConsoleSettings) -> dict[str, Any]:
    issuer = settings.oidc_issuer.rstrip("/")
    try:
        answer = httpx.get(
            f"{issuer}/.well-known/openid-configuration", timeout=TIMEOUT_SECONDS
        ).raise_for_status()
        found: dict[str, Any] = answer.json()
        needed = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
        if any(name not in found for name in needed) or found["issuer"].rstrip("/") != issuer:
            raise ValueError("not the configuration of this issuer")  # noqa: TRY301
    except (httpx.HTTPError, ValueError, TypeError, AttributeError) as error:
        raise ProviderError(
            LocalizedText(
                "the provider {issuer} does not answer as OpenID Connect; an operator should look "
                "at the setting oidc_issuer",
                issuer=issuer,
            )
        ) from error
    return found
