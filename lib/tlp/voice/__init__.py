"""Speech tracks: what every TTS system does alike, from captions to one audio file that keeps to their times.

`fit` decides rates and places, `text` what is said, `speak` has it said, `said` keeps it, `squeeze` makes it fit,
`track` lays the samples, `commands` writes ffmpeg's argument lists, `dub` is the course of a run. An engine only turns
a line of text into samples. Nothing here starts a process: `run` of the system folder passes in what does.
"""
