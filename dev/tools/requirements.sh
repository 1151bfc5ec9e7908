#!/bin/sh
# Keeps the compiled requirements and pyproject.toml together. `requirements.sh lock` compiles them, keeping every pin that
# still fits (`lock --upgrade` takes the newest); `requirements.sh check` fails when they no longer agree.
set -eu
cd "$(dirname "$0")/../.."
FILES='requirements.txt requirements-dev.txt requirements-supply.txt requirements-policy.txt'
python=.venv/bin/python
[ -x "$python" ] || python=${UV_PYTHON:-3.13}

compile() { # source options… --output-file FILE; the versions pinned in FILE are preferred
    sh dev/tools/uv.sh pip compile --quiet --python "$python" --python-version 3.13 --universal --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' "$@"
}

compile_all() { # folder options…: what runs in Azure, what it is developed with, what lists and judges it, and its infrastructure
    into=$1
    shift
    compile pyproject.toml --output-file "$into/requirements.txt" "$@" &&
        compile pyproject.toml --group dev --constraint requirements.txt --output-file "$into/requirements-dev.txt" "$@" &&
        compile --group supply --output-file "$into/requirements-supply.txt" "$@" &&
        compile --group policy --output-file "$into/requirements-policy.txt" "$@"
}

lock() {
    compile_all . "$@"
}

agree() { # all files compiled afresh equal the committed ones
    # shellcheck disable=SC2086 # several files
    cp $FILES "$scratch"
    compile_all "$scratch" "$@" || return
    for file in $FILES; do
        diff "$file" "$scratch/$file" || return
    done
}

check() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    # What uv has in its cache usually settles it; only a doubt is worth the network.
    if agree --offline >/dev/null 2>&1 || agree "$@" >&2; then return; fi
    echo "$FILES: not all follow from pyproject.toml (above: what a fresh compilation says). Run \`make lock\` and commit them." >&2
    return 1
}

command=$1
shift
case "$command" in
    lock | check) "$command" "$@" ;;
    *) echo "requirements.sh: unknown command '$command'; known are lock and check" >&2 && exit 2 ;;
esac
