"""What the steps of an upload use: `base` for files and messages, `tl` for language technologies."""
