"""The version of the tools and the name they give in every call. Nothing else."""

VERSION = "0.1.0"
CLIENT_NAME = "libtlp-" + VERSION
