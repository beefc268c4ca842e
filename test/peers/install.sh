#!/bin/sh
# Installs what `npm run test:peers` checks against: sh test/peers/install.sh [packages] [keras] [torch] [litert], or all of it.
# The Python ones become environments in .tmp/peers, made by `python3` or by whom PYTHON names.
set -eu
cd "$(dirname "$0")"
[ $# -gt 0 ] || set -- packages keras torch litert
for name; do
  if [ "$name" = packages ]; then
    npm ci --no-audit --no-fund
    continue
  fi
  environment=../../.tmp/peers/$name
  # PyPI's torch for Linux is gigabytes: the system's is taken where there is one.
  if [ "$name" = torch ]; then options=--system-site-packages; else options=; fi
  "${PYTHON:-python3}" -m venv $options "$environment"
  "$environment/bin/python" -m pip install --quiet -r "requirements/$name.txt"
done
