#!/bin/sh
# Scans the infrastructure for what is known as bad practice, and the shell scripts for faults. What is meant to be otherwise
# stands in the Bicep as `checkov:skip`, with its reason. The Bicep compiler is in no package registry: only Azure's own tools
# tell whether a property exists (docs/deploy.md).
set -eu
cd "$(dirname "$0")/../.."
sh dev/tools/setup.sh python policy
.venv/bin/shellcheck infra/*.sh infra/hooks/*.sh dev/tools/*.sh .ci/run
.policy/bin/checkov --directory infra --framework bicep --skip-download --compact --quiet
