#!/bin/sh
# Makes what the project needs and is missing: `setup.sh python` the virtual environment, `setup.sh azurite` the storage
# emulator; `setup.sh node` only looks whether Node is there. Says nothing when there is nothing to do. What was installed
# last lies beside it as a copy of its lock file.
set -eu
cd "$(dirname "$0")/../.."

is_313() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; }

find_python() {
    found=$(sh dev/tools/uv.sh python find "${UV_PYTHON:-3.13}" 2>/dev/null || true)
    for python in "$found" python3.13 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python3.13; do
        if [ -n "$python" ] && is_313 "$python"; then
            echo "$python"
            return
        fi
    done
    cat >&2 <<'EOF'
Python 3.13 was not found, and it is never downloaded for you. Install it with your system's packages or with pyenv
(`pyenv install 3.13`), or name an interpreter that exists: `UV_PYTHON=/path/to/python3.13 make …`.
EOF
    return 1
}

setup_python() {
    if is_313 .venv/bin/python && cmp -s requirements-dev.txt .venv/installed.txt; then return; fi
    sh dev/tools/uv.sh --version >/dev/null
    if ! is_313 .venv/bin/python; then
        python=$(find_python)
        echo 'Making .venv' >&2
        sh dev/tools/uv.sh venv --quiet --clear --python "$python" .venv
    fi
    echo 'Installing requirements-dev.txt into .venv' >&2
    sh dev/tools/uv.sh pip sync --quiet --python .venv/bin/python requirements-dev.txt
    cp requirements-dev.txt .venv/installed.txt
}

setup_node() {
    if command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null; then
        return
    fi
    echo 'The storage emulator (Azurite) and the type checker (pyright) need Node 18 or newer with npm on PATH. Found: node' \
        "$(node --version 2>/dev/null || echo none), npm $(npm --version 2>/dev/null || echo none)." >&2
    return 1
}

setup_azurite() {
    if cmp -s dev/azurite/package-lock.json dev/azurite/node_modules/installed.json; then return; fi
    setup_node
    echo 'Installing Azurite into dev/azurite' >&2
    (cd dev/azurite && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >&2)
    cp dev/azurite/package-lock.json dev/azurite/node_modules/installed.json
}

for part in "$@"; do
    case "$part" in
        python | node | azurite) "setup_$part" ;;
        *) echo "setup.sh: unknown part '$part'; known are python, node and azurite" >&2 && exit 2 ;;
    esac
done
