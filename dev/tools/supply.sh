#!/bin/sh
# What the product is made of. `supply.sh sbom [folder]` writes a bill of materials (CycloneDX) and the list of licences of
# what requirements.txt installs, by default into out/, and fails on a licence that pyproject.toml does not allow;
# `supply.sh audit` asks the advisory databases about every pinned version of the product, which needs the internet.
set -eu
cd "$(dirname "$0")/../.."
sh dev/tools/setup.sh supply
tools=.supply/bin

sbom() {
    folder=${1:-out}
    product=$(mktemp -d)
    trap 'rm -rf "$product"' EXIT
    # An environment of the product alone: what only developers install is not delivered.
    sh dev/tools/uv.sh venv --quiet --clear --python "$tools/python" "$product"
    sh dev/tools/uv.sh pip sync --quiet --require-hashes --python "$product/bin/python" requirements.txt
    mkdir -p "$folder"
    "$tools/cyclonedx-py" environment --pyproject pyproject.toml --mc-type application --output-reproducible \
        --output-file "$folder/sbom.cdx.json" "$product/bin/python"
    "$tools/pip-licenses" --python "$product/bin/python" --format markdown --output-file "$folder/licences.md"
    echo "$folder/sbom.cdx.json, $folder/licences.md"
}

audit() {
    "$tools/pip-audit" --require-hashes --disable-pip --requirement requirements.txt
}

case "${1:-}" in
    sbom | audit) "$@" ;;
    *) echo "supply.sh: unknown command '${1:-}'; known are sbom and audit" >&2 && exit 2 ;;
esac
