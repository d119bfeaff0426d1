"""What install.sh does. bootstrap, packages, environment, commands and report need only the standard library:
they run before the virtual environment exists. Run from the project's root as `python -m installer`.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
