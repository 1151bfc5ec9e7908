#!/bin/sh
# Runs uv: the one on PATH if it is recent enough, else our own in the project's .tools/, made on first use.
set -eu
RANGE='uv>=0.9,<1'
tools=$(cd "$(dirname "$0")/../.." && pwd)/.tools

usable() {
    case "$("$1" --version 2>/dev/null)" in
        'uv 0.'[0-8].*) return 1 ;;
        'uv 0.'*) return 0 ;;
        *) return 1 ;;
    esac
}

install_uv() {
    for python in python3.13 python3 /usr/bin/python3; do
        # ensurepip too: Debian ships venv without it, and such a venv has no pip.
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
            echo 'Installing uv into .tools/' >&2
            "$python" -m venv --clear "$tools"
            "$tools/bin/python" -m pip install --quiet --disable-pip-version-check "$RANGE" >&2
            return
        fi
    done
    cat >&2 <<'EOF'
No Python that can make a virtual environment was found. The set-up needs either uv (0.9 or newer) on PATH, or a python3 (3.9
or newer) with the modules venv and ensurepip; on Debian and Ubuntu the latter is the package python3-venv
(`sudo apt-get install python3-venv`). Install one of the two and run the same command again.
EOF
    exit 1
}

# Interpreters are looked for, never fetched: what runs here is what the owner of the machine installed.
# The machine's own certificates are trusted, as pip and npm do; the second name is the one older versions know.
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1
uv=$(command -v uv || true)
if [ -z "$uv" ] || ! usable "$uv"; then
    uv=$tools/bin/uv
    usable "$uv" || install_uv
fi
exec "$uv" "$@"
