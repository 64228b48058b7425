# Shared by the scripts in this folder; sourced, not run.
# shellcheck shell=bash

readonly BUILD_PACKAGES=(
  g++ cmake ninja-build pkg-config ccache libfuse3-dev libsqlite3-dev libcurl4-openssl-dev libssl-dev
  libsodium-dev libisal-dev libzstd-dev libarchive-dev libspdlog-dev libfmt-dev nlohmann-json3-dev
  libcli11-dev libtomlplusplus-dev libcpp-httplib-dev libprotobuf-dev protobuf-compiler
)
readonly RUN_PACKAGES=(fuse3 ca-certificates)
readonly TEST_PACKAGES=(
  libgtest-dev libgmock-dev libbenchmark-dev python3 git tar zstd age rsync attr acl sqlite3 curl jq procps util-linux
)

say() { printf '==> %s\n' "$*"; }
die() { printf 'walrusfs: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo > /dev/null; then sudo "$@"
  else die "root is needed for: $* (run as root, or install sudo)"
  fi
}

# need_packages NAME…: installs what is missing, says so, and does nothing when all is there.
need_packages() {
  local missing=() name
  command -v dpkg-query > /dev/null || die "this script installs Debian packages and finds no dpkg; install by hand: $*"
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2> /dev/null | grep -q 'ok installed' || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  as_root apt-get update -qq || die "apt-get update failed; is the network there?"
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null ||
    die "apt-get could not install: ${missing[*]}"
}

# need_program PROGRAM PACKAGE: installs the package unless the program is there, from wherever it came.
need_program() { command -v "$1" > /dev/null || need_packages "$2"; }

# build PRESET [cmake arguments…]: configures and builds, using every core.
build() {
  local preset=$1
  shift
  say "configuring ($preset)"
  cmake --preset "$preset" "$@" > /dev/null || die "cmake failed; run it by hand to see why: cmake --preset $preset"
  say "building ($preset)"
  cmake --build --preset "$preset" || die "the build failed"
}

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
