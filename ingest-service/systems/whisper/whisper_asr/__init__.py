"""Speech recognition with Whisper: the audio (recording), where it is cut (pieces), what is heard (recogniser),
when exactly (words), what is heard with the terms of a lecture (terms, sounds, adapted), and all of it (transcribe)."""

import os

# onnxruntime (voice activity detection) reports to its maker and leaves files in ~/.cache unless this stands before
# it is imported. Files in, files out, no network.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
