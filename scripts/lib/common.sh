# Sourced by the scripts in the folder above; not run by itself.
# shellcheck shell=bash

# What the Swift toolchain needs to run, to fetch packages, and to compile and link; and SQLite, for the sessions.
toolchain_packages=(
  libncurses6 libsqlite3-dev libxml2 tzdata
  ca-certificates git
  binutils libc6-dev libgcc-12-dev libstdc++-12-dev
)

say() { printf '==> %s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Makes Swift usable, with the named Debian packages beside what the toolchain itself needs.
prepare() {
  command -v swift >/dev/null || fail "no Swift toolchain: 'swift' is not in PATH.
Install Swift 6.3 or later as https://www.swift.org/install/linux/ says, open a new shell, and run this again."
  install_missing "${toolchain_packages[@]}" "$@"
  local version
  version=$(swift --version 2>&1) || fail "the Swift toolchain does not run: $version"
  say "${version%%$'\n'*}"
}

# Installs those of the named Debian packages that are not installed yet.
install_missing() {
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system: these packages, or what stands for them here, have to be installed: $*"
    return
  fi

  local package missing=()
  for package in "$@"; do
    # shellcheck disable=SC2016 # the format is dpkg-query's, not the shell's
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      missing+=("$package")
  done
  if ((${#missing[@]} == 0)); then
    say "packages: nothing is missing"
    return
  fi

  local as_root=(env DEBIAN_FRONTEND=noninteractive)
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "these packages are missing, and there is no sudo to install them with.
As root: apt-get update && apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo "${as_root[@]}")
  fi
  say "packages: installing ${missing[*]}"
  "${as_root[@]}" apt-get update --quiet
  "${as_root[@]}" apt-get install --quiet --yes --no-install-recommends "${missing[@]}"
}
