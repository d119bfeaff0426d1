"""The shared package of the platform: models, formats, configuration, database.

It must not know the programs that use it: no falcon, no cron, no subprocess.
"""
