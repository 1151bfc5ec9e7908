#!/bin/sh
# Lets the app convert mailboxes in one customer's directory (docs/adr/0008): gives its service principal there the role
# Exchange Recipient Administrator. Opt-in; take it back with --remove. Run as often as you like.
#
#   infra/exchange-role.sh CLIENT-ID [--remove]
#
# CLIENT-ID is the application id of the registration with Graph's permissions. It needs the Azure CLI, signed in to the
# customer's directory (az login --tenant TENANT-ID --allow-no-subscriptions) as a Privileged Role Administrator, after that
# directory has consented to the permissions of --with mailboxes (register-app.sh).
set -eu

ROLE='Exchange Recipient Administrator'
API=https://graph.microsoft.com/v1.0/roleManagement/directory

fail() {
    echo "exchange-role.sh: $1" >&2
    exit "${2:-1}"
}

case "$# ${2:---remove}" in
    '1 --remove' | '2 --remove') ;;
    *) fail 'usage: exchange-role.sh CLIENT-ID [--remove]' 2 ;;
esac
client=$1
case "$client" in
    *[!A-Fa-f0-9-]* | '') fail "'$client' is no application id" 2 ;;
esac

command -v az >/dev/null || fail 'the Azure CLI (az) was not found'
principal=$(az ad sp show --id "$client" --query id --output tsv) ||
    fail "this directory does not know the app $client: an administrator must consent first"
role=$(az rest --method GET --url "$API/roleDefinitions?\$filter=displayName%20eq%20'$(printf %s "$ROLE" | sed 's/ /%20/g')'" \
    --query 'value[0].id' --output tsv)
[ -n "$role" ] || fail "this directory has no role $ROLE"
assigned=$(az rest --method GET --url "$API/roleAssignments?\$filter=principalId%20eq%20'$principal'" \
    --query "value[?roleDefinitionId=='$role' && directoryScopeId=='/'].id | [0]" --output tsv)

if [ $# -eq 2 ]; then
    [ -z "$assigned" ] || az rest --method DELETE --url "$API/roleAssignments/$assigned"
    echo "The app $client does not have the role $ROLE in this directory any more."
elif [ -z "$assigned" ]; then
    az rest --method POST --url "$API/roleAssignments" --headers Content-Type=application/json --output none --body "{
        \"@odata.type\": \"#microsoft.graph.unifiedRoleAssignment\",
        \"principalId\": \"$principal\", \"roleDefinitionId\": \"$role\", \"directoryScopeId\": \"/\"
    }"
    echo "The app $client has the role $ROLE in this directory. Set MAILBOX_CONVERSION to on where it runs."
else
    echo "The app $client has had the role $ROLE in this directory before."
fi
