#!/bin/sh
# What the product is made of. `supply.sh sbom [folder]` writes bills of materials (CycloneDX) of what requirements.txt installs
# and of what the web page is built from, and the list of their licences, by default into out/; it fails on a licence that
# pyproject.toml does not allow. `supply.sh audit` asks the advisory databases about every pinned version of the product's
# libraries, and fails where it got no answer; it needs the internet.
set -eu
cd "$(dirname "$0")/../.."
sh dev/tools/setup.sh supply
tools=.supply/bin

sbom() {
    folder=${1:-out}
    sh dev/tools/setup.sh node
    product=$(mktemp -d)
    trap 'rm -rf "$product"' EXIT
    # An environment of the product alone: what only developers install is not delivered.
    sh dev/tools/uv.sh venv --quiet --clear --python "$tools/python" "$product"
    sh dev/tools/uv.sh pip sync --quiet --require-hashes --python "$product/bin/python" requirements.txt
    mkdir -p "$folder"
    "$tools/cyclonedx-py" environment --pyproject pyproject.toml --mc-type application --output-reproducible \
        --output-file "$folder/sbom-app.cdx.json" "$product/bin/python"
    (cd portal && npm sbom --package-lock-only --omit=dev --sbom-format=cyclonedx) >"$folder/sbom-portal.cdx.json"
    "$tools/python" -m dev.package.licences "$folder"/sbom-*.cdx.json >"$folder/licences.md"
}

audit() {
    "$tools/pip-audit" --require-hashes --disable-pip --strict --requirement requirements.txt
}

case "${1:-}" in
    sbom | audit) "$@" ;;
    *) echo "supply.sh: unknown command '${1:-}'; known are sbom and audit" >&2 && exit 2 ;;
esac
