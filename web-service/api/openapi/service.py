"""What the OpenAPI document says of addresses that belong to no sub-API, as data."""

from __future__ import annotations

from typing import Any

METRICS_TAG = "metrics"
BASIC = {"type": "http", "scheme": "basic", "description": "user and secret key, as Prometheus sends them"}

PATHS: dict[str, Any] = {
    "/metrics": {
        "get": {
            "operationId": "get_metrics",
            "tags": [METRICS_TAG],
            "summary": "Measure what waits, runs and has ended, for Prometheus.",
            "description": "Measure what waits, runs and has ended, for Prometheus. For administrators with their "
            "secret key; what each metric says stands in docs/operations.md.",
            "security": [{"basic": []}, {"user": [], "auth_token": []}],
            "responses": {
                "200": {
                    "description": "Prometheus' text format 0.0.4.",
                    "content": {"text/plain": {"schema": {"type": "string"}}},
                },
                **{status: {"$ref": f"#/components/responses/{status}"} for status in ("400", "401", "500")},
            },
        }
    }
}
