"""Kokoro-82M as a TTS system: text → phonemes → samples, and the model prepared for this processor."""

import os

# onnxruntime reports to its maker and leaves files in ~/.cache unless this stands before it is imported.
# Files in, files out, no network.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
