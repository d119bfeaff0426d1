"""The WSGI entry of the Web Service: gunicorn takes `ws:application`, mod_wsgi this file (manual, Appendix A)."""

import os
from pathlib import Path

from api.app import create_app
from tlp import config, log

_config = config.load(os.environ.get("TLP_CONFIG") or Path(__file__).with_name("config.ini"))
log.start(_config.general.log_level)
application = create_app(_config)
