#!/bin/sh
# Makes what the project needs and is missing: `setup.sh python` the virtual environment, `setup.sh supply` the one of the
# tools that list and judge its libraries, `setup.sh policy` the one of what scans the infrastructure, `setup.sh azurite` the
# storage emulator, `setup.sh portal` what the web page is built with; `setup.sh node` only looks whether Node is there. Says
# nothing when there is nothing to do. What was installed last lies beside it as a copy of its lock file.
set -eu
cd "$(dirname "$0")/../.."

NODE_SUFFICES='const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1)'

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

install_requirements() { # environment requirements: every file is held to its hash
    if is_313 "$1/bin/python" && cmp -s "$2" "$1/installed.txt"; then return; fi
    sh dev/tools/uv.sh --version >/dev/null
    if ! is_313 "$1/bin/python"; then
        python=$(find_python)
        echo "Making $1" >&2
        sh dev/tools/uv.sh venv --quiet --clear --python "$python" "$1"
    fi
    echo "Installing $2 into $1" >&2
    sh dev/tools/uv.sh pip sync --quiet --require-hashes --python "$1/bin/python" "$2"
    cp "$2" "$1/installed.txt"
}

setup_node() {
    if command -v npm >/dev/null && node -e "$NODE_SUFFICES" 2>/dev/null; then return; fi
    echo 'The storage emulator (Azurite), the type checker (pyright) and the build of the web page (Vite) need Node 20.19,' \
        '22.12 or newer with npm on PATH. Found: node' \
        "$(node --version 2>/dev/null || echo none), npm $(npm --version 2>/dev/null || echo none)." >&2
    return 1
}

install_packages() { # folder
    if cmp -s "$1/package-lock.json" "$1/node_modules/installed.json"; then return; fi
    setup_node
    echo "Installing what $1/package-lock.json names" >&2
    (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >&2)
    cp "$1/package-lock.json" "$1/node_modules/installed.json"
}

for part in "$@"; do
    case "$part" in
        python) install_requirements .venv requirements-dev.txt ;;
        supply | policy) install_requirements ".$part" "requirements-$part.txt" ;;
        node) setup_node ;;
        azurite) install_packages dev/azurite ;;
        portal) install_packages portal ;;
        *) echo "setup.sh: unknown part '$part'; known are python, supply, policy, node, azurite and portal" >&2 && exit 2 ;;
    esac
done
