# shellcheck shell=bash
# Sourced by the other scripts. Sets
#   root              the repository
#   cache             what scripts may keep between runs ($NOVA_CACHE_DIR, ~/.cache/nova)
#   CARGO_TARGET_DIR  one for each compiler version, outside the repository, unless it is set.
#                     Cargo tells changed sources by their times: after another checkout was
#                     built into it, touch the sources of this one (a fresh clone is newer
#                     than anything in it, so CI needs nothing).
# and functions for all of them.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${NOVA_CACHE_DIR:-${HOME:-/root}/.cache/nova}
channel=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "$root/rust-toolchain.toml")
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target-${channel:-unknown}}
mkdir -p "$cache"

say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# The first of the named programs that is there, by absolute path or on PATH.
first_of() {
    local candidate
    for candidate in "$@"; do
        candidate=$(command -v "$candidate" 2>/dev/null) && { echo "$candidate"; return; }
    done
    return 1
}

# PostgreSQL and S3 for tests, below the folder $1: told to them by the environment.
start_services() {
    NOVA_TEST_POSTGRES=$("$root/scripts/postgres" start "$1/postgres")
    NOVA_TEST_S3=$("$root/scripts/s3" start "$1/s3")
    export NOVA_TEST_POSTGRES NOVA_TEST_S3
}

stop_services() {
    "$root/scripts/postgres" stop "$1/postgres" 2>/dev/null || true
    "$root/scripts/s3" stop "$1/s3" 2>/dev/null || true
}

# A Python that is no version manager's shim, for the scripts' own use.
python() { first_of /usr/bin/python3 /usr/local/bin/python3 python3; }

# A TCP port on loopback that is free now.
free_port() {
    "$(python)" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Status line of GET http://HOST:PORT/PATH, nothing if nobody answers.
http_status() {
    local address=$1 path=$2
    (
        exec 3<>"/dev/tcp/${address%:*}/${address##*:}" || exit 0
        printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$path" "$address" >&3
        timeout 5 head -n 1 <&3
    ) 2>/dev/null || true
}

# Ends the process $1, which we started: politely, then by force after $2 (10) seconds.
end_process() {
    local pid=$1 tries=$(( ${2:-10} * 10 ))
    kill -TERM "$pid" 2>/dev/null || return 0
    while [ "$tries" -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
        sleep 0.1
        tries=$((tries - 1))
    done
    if kill -0 "$pid" 2>/dev/null; then kill -KILL "$pid" 2>/dev/null || true; fi
    wait "$pid" 2>/dev/null || true
}
