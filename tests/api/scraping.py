"""How Prometheus asks for the metrics, for tests."""

from __future__ import annotations

import base64

import falcon.testing
from exposition import Read, read

ADMIN = {"user": "root", "auth_token": "the-administrators-secret-key"}
USER = {"user": "tluser", "auth_token": "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"}


def basic(user: str, token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()}


def scrape(client: falcon.testing.TestClient) -> dict[str, Read]:
    answer = client.simulate_get("/metrics", headers=basic("root", ADMIN["auth_token"]))
    assert answer.status_code == 200, answer.text
    return read(answer.text)
