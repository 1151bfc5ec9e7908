#!/bin/sh
# The web page: `portal.sh build` builds it into portal/dist where that is missing or older than what it follows from;
# `portal.sh check` lints it and checks its types. Both make the typed client of what the app says of itself.
set -eu
cd "$(dirname "$0")/../.."

# Its own sources, and the routes and models of which openapi.json is made.
newer_than_the_page() {
    find portal/src portal/package-lock.json portal/vite.config.ts shared/contracts triggers/routes -type f \
        ! -name '*.pyc' ! -name openapi.json ! -name schema.d.ts -newer portal/dist/index.html -print -quit
}

prepare() {
    sh dev/tools/setup.sh python portal
    .venv/bin/python -m dev.openapi >portal/src/api/openapi.json
    (cd portal && npm run --silent client >/dev/null)
}

case "$1" in
    build)
        if [ -f portal/dist/index.html ] && [ -z "$(newer_than_the_page)" ]; then exit; fi
        prepare
        echo 'Building the web page into portal/dist' >&2
        (cd portal && npm run --silent build >&2)
        ;;
    check)
        prepare
        (cd portal && npm run --silent check >&2)
        ;;
    *) echo "portal.sh: unknown command '$1'; known are build and check" >&2 && exit 2 ;;
esac
