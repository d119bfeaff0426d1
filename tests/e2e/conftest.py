"""What the end-to-end tests share."""

import pytest
from browser import CHROMIUM, FLAGS
from playwright.sync_api import sync_playwright


@pytest.fixture
def chromium_page():
    """A page in a fresh Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser.new_page()
        browser.close()
