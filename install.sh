#!/usr/bin/env bash
# Installs the platform and runs it. This script only finds (or installs) a Python; the work is in installer/.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"

usable() {  # a Python that is new enough and can make virtual environments
  "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
  local name
  for name in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null && usable "$name"; then
      command -v "$name"
      return
    fi
  done
  return 1
}

install_python() {
  local sudo=()
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || return 1
    sudo=(sudo -n)
  fi
  echo "install Python 3.11 or newer (apt-get)"
  "${sudo[@]}" apt-get -qq update || true
  apt_install python3 python3-venv ca-certificates && find_python >/dev/null && return
  apt_install python3.11 python3.11-venv  # Ubuntu 22.04 has it beside its python3
}

apt_install() {
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$@" >/dev/null
}

if ! PYTHON=$(find_python); then
  install_python || true
  if ! PYTHON=$(find_python); then
    echo "failed  Python 3.11 or newer with its venv module is needed and could not be installed." >&2
    echo "        Run this as root (or after 'sudo -v'), or: apt-get install python3 python3-venv (Ubuntu 22.04: python3.11 python3.11-venv)" >&2
    exit 1
  fi
fi

"$PYTHON" -m installer.bootstrap "$@"
for word in "$@"; do  # the help has been shown
  case $word in -h | --help) exit 0 ;; esac
done
exec .venv/bin/python -m installer "$@"
