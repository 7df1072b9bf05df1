#!/usr/bin/env bash
# Makes sure that everything the default build needs is there, and installs what is missing on Debian and Ubuntu.
# Writes nothing and exits 0 when nothing is missing.
set -u

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

command -v swift >/dev/null 2>&1 ||
  fail "no 'swift' in PATH: install a Swift 6.2 or later toolchain from https://www.swift.org/install/linux/"
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
read -r major minor <<<"${version:-0 0}"
if [ "$major" -lt 6 ] || { [ "$major" -eq 6 ] && [ "$minor" -lt 2 ]; }; then
  fail "Swift 6.2 or later is needed; 'swift --version' says: $(swift --version 2>/dev/null | head -n 1)"
fi

has_header() {
  local folder
  for folder in /usr/include /usr/include/*-linux-gnu* /usr/local/include /opt/homebrew/include; do
    [ -e "$folder/$1" ] && return 0
  done
  return 1
}

missing=()
has_header gmp.h || missing+=(libgmp-dev)
has_header sqlite3.h || missing+=(libsqlite3-dev)
has_header zlib.h || missing+=(zlib1g-dev)
command -v pkg-config >/dev/null 2>&1 || missing+=(pkg-config)
[ "${#missing[@]}" -eq 0 ] && exit 0

command -v apt-get >/dev/null 2>&1 ||
  fail "missing: ${missing[*]} (Debian names); install them with this system's package manager and run again"

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null 2>&1 ||
    fail "missing: ${missing[*]}; run as root: apt-get install ${missing[*]}"
  as_root=(sudo)
fi

printf 'setup: installing %s\n' "${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "${missing[@]}" >"$log" 2>&1
}
# An image may carry package lists that still work; they are renewed only when they do not.
if ! install; then
  "${as_root[@]}" apt-get update >>"$log" 2>&1
  install || { tail -n 5 "$log" >&2; fail "apt-get could not install: ${missing[*]}"; }
fi
