#!/bin/sh
# Keeps the compiled requirements and pyproject.toml together. `requirements.sh lock` compiles them, keeping every pin that
# still fits (`lock --upgrade` takes the newest); `requirements.sh check` fails when they no longer agree.
set -eu
cd "$(dirname "$0")/../.."
python=.venv/bin/python
[ -x "$python" ] || python=${UV_PYTHON:-3.13}

compile() { # source options… --output-file FILE; the versions pinned in FILE are preferred
    sh dev/tools/uv.sh pip compile --quiet --python "$python" --python-version 3.13 --universal --no-emit-index-url \
        --no-emit-find-links --custom-compile-command 'make lock' "$@"
}

lock() {
    compile pyproject.toml --output-file requirements.txt "$@"
    compile pyproject.toml --group dev --constraint requirements.txt --output-file requirements-dev.txt "$@"
}

agree() { # both files compiled afresh equal the committed ones
    cp requirements.txt "$scratch/runtime.txt"
    cp requirements-dev.txt "$scratch/dev.txt"
    compile pyproject.toml --output-file "$scratch/runtime.txt" "$@" &&
        compile pyproject.toml --group dev --constraint requirements.txt --output-file "$scratch/dev.txt" "$@" &&
        diff requirements.txt "$scratch/runtime.txt" && diff requirements-dev.txt "$scratch/dev.txt"
}

check() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    # What uv has in its cache usually settles it; only a doubt is worth the network.
    if agree --offline >/dev/null 2>&1 || agree "$@" >&2; then return; fi
    echo 'requirements.txt or requirements-dev.txt do not follow from pyproject.toml (above: what a fresh compilation says).' \
        'Run `make lock` and commit both.' >&2
    return 1
}

command=$1
shift
case "$command" in
    lock | check) "$command" "$@" ;;
    *) echo "requirements.sh: unknown command '$command'; known are lock and check" >&2 && exit 2 ;;
esac
