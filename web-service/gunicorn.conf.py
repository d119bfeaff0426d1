"""How gunicorn runs the Web Service: `gunicorn -c web-service/gunicorn.conf.py`. The address comes from --bind."""

import os
from pathlib import Path

chdir = str(Path(__file__).parent)
wsgi_app = "ws:application"

# Threads, because a call waits for the database or for a slow upload; each keeps one connection.
worker_class = "patience.Worker"  # gunicorn's `gthread`, that waits for no client without end
workers = int(os.environ.get("TLP_WEB_WORKERS", "2"))
threads = int(os.environ.get("TLP_WEB_THREADS", "8"))
keepalive = 15
# Of the worker's heart, not of a request: an upload of an hour is fine.
timeout = 60
graceful_timeout = 30
# On a slow disk the heartbeat's file would stop the worker it watches.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

# Nothing of ours talks to gunicorn's control socket, which would lie in the home of the user, one for all instances.
control_socket_disable = True

# A GET with `data` carries a whole JSON document in its first line; this is the most that gunicorn takes.
limit_request_line = 8190
limit_request_fields = 60

# The application logs each request itself, without its query: tokens travel there.
accesslog = None
errorlog = "-"
loglevel = "warning"
