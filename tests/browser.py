"""The Chromium of the tests that look at pages: headless, quiet, allowed to play without a click."""

from pathlib import Path

# Where there is none, that of `playwright install chromium` is taken: Playwright knows where it is, or says so.
PLACES = ("/usr/bin/chromium", "/usr/bin/google-chrome")
CHROMIUM = next((place for place in PLACES if Path(place).exists()), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
]
