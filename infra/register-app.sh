#!/bin/sh
# Makes the two registrations in Entra ID, or brings those that are there in line; run as often as you like.
#
#   infra/register-app.sh [--name NAME] [--with usage-location] [--with mailboxes] [--with directory]
#                         [--host HOST] [--identity OBJECT-ID]
#
#   NAME           the one with Graph's permissions: multi-tenant, customers consent to it. Default: Bulk licences
#   NAME API       the one for callers: this directory only, with the app roles
#   --with         a feature that needs more permissions (docs/permissions.md): usage-location sets usage locations,
#                  mailboxes converts mailboxes, directory reads the names of groups where Graph asks for more
#   --host         host of the app (azd: FUNCTION_APP_HOST): registers the addresses to which sign-in and consent return
#   --identity     object id of the app's identity (azd: IDENTITY_PRINCIPAL_ID): trusts it, in place of a secret
#
# It needs the Azure CLI, signed in to your own directory as an Application Administrator. No secret is made.
set -eu

GRAPH=00000003-0000-0000-c000-000000000000
EXCHANGE=00000002-0000-0ff1-ce00-000000000000
# Ids of our own, by which Entra ID tells the roles apart.
READ_ROLE=3f0e6b0a-6a2c-4d0e-9a55-2f6d4c1a7e01
OPERATE_ROLE=3f0e6b0a-6a2c-4d0e-9a55-2f6d4c1a7e02
ADMIN_ROLE=3f0e6b0a-6a2c-4d0e-9a55-2f6d4c1a7e03
API=https://graph.microsoft.com/v1.0

name='Bulk licences' host='' identity='' location='' mailboxes='' directory=''

fail() {
    echo "register-app.sh: $1" >&2
    exit "${2:-1}"
}

while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || fail "$1 wants a value, or is unknown; known are --name, --with, --host and --identity" 2
    case "$1 $2" in
        '--with usage-location') location=yes ;;
        '--with mailboxes') mailboxes=yes ;;
        '--with directory') directory=yes ;;
        '--with '*) fail "unknown feature '$2'; known are usage-location, mailboxes and directory" 2 ;;
        '--name '*) name=$2 ;;
        '--host '*) host=$2 ;;
        '--identity '*) identity=$2 ;;
        *) fail "unknown option '$1'; known are --name, --with, --host and --identity" 2 ;;
    esac
    shift 2
done
case "$name$host$identity" in
    *[!A-Za-z0-9\ ._-]*) fail 'a name, host or id has letters, digits, spaces, dots and dashes only' 2 ;;
esac

command -v az >/dev/null || fail 'the Azure CLI (az) was not found'
home=$(az account show --query tenantId --output tsv) || fail 'sign in first: az login'

# What was made a moment ago may not be known everywhere yet: it is tried for half a minute.
change() { # object id of an application, body
    for pause in 2 4 8 16 0; do
        az rest --method PATCH --url "$API/applications/$1" --headers Content-Type=application/json --body "$2" \
            --output none && return
        [ "$pause" = 0 ] || sleep "$pause"
    done
    fail "the registration $1 could not be changed"
}

permissions() { # resource type name…: what a registration lists for one resource; names, as ids are easily mistaken
    resource=$1 type=$2 list=''
    shift 2
    for each in "$@"; do
        case "$type" in
            Role) query="appRoles[?value=='$each' && contains(allowedMemberTypes, 'Application')].id | [0]" ;;
            Scope) query="oauth2PermissionScopes[?value=='$each'].id | [0]" ;;
        esac
        id=$(az ad sp show --id "$resource" --query "$query" --output tsv)
        [ -n "$id" ] || fail "there is no permission $each"
        list="$list${list:+, }{\"id\": \"$id\", \"type\": \"$type\"}"
    done
    printf '{"resourceAppId": "%s", "resourceAccess": [%s]}' "$resource" "$list"
}

# Prints object id and application id of the one registration of this name, which it makes where there is none.
registration() { # name audience
    found=$(az ad app list --filter "displayName eq '$1'" --query '[].[id, appId]' --output tsv)
    case "$(printf '%s' "$found" | grep -c .)" in
        0) az ad app create --display-name "$1" --sign-in-audience "$2" --query '[[id, appId]]' --output tsv ;;
        1) printf '%s' "$found" ;;
        *) fail "several registrations are named '$1': give this one another name with --name" ;;
    esac
}

trust() { # object id: that the app's identity may stand in for it
    known=$(az ad app federated-credential list --id "$1" --query "[?subject=='$identity'].name | [0]" --output tsv)
    [ -z "$known" ] || return 0
    az ad app federated-credential create --id "$1" --output none --parameters "{
        \"name\": \"bulk-licences-$identity\",
        \"issuer\": \"https://login.microsoftonline.com/$home/v2.0\",
        \"subject\": \"$identity\",
        \"audiences\": [\"api://AzureADTokenExchange\"]
    }"
}

principal() { # application id: its service principal in this directory
    az ad sp show --id "$1" --output none 2>/dev/null || az ad sp create --id "$1" --output none
}

role() { # id value what
    printf '{"id": "%s", "value": "%s", "displayName": "%s", "description": "%s", "isEnabled": true,
        "allowedMemberTypes": ["User", "Application"]}' "$1" "$2" "$2" "$3"
}

# --- with Graph's permissions: least of all, then what each feature adds
set -- Organization.Read.All GroupMember.Read.All LicenseAssignment.ReadWrite.All
if [ -n "$location" ]; then set -- "$@" User.ReadWrite.All; else set -- "$@" User.Read.All; fi
[ -z "$mailboxes" ] || set -- "$@" MailboxSettings.Read
[ -z "$directory" ] || set -- "$@" Directory.Read.All
access=$(permissions "$GRAPH" Role "$@")
[ -z "$mailboxes" ] || access="$access, $(permissions "$EXCHANGE" Role Exchange.ManageAsApp)"

ids=$(registration "$name" AzureADMultipleOrgs)
graph_object=$(printf '%s' "$ids" | cut -f 1)
graph_client=$(printf '%s' "$ids" | cut -f 2)
change "$graph_object" "{
    \"signInAudience\": \"AzureADMultipleOrgs\",
    \"requiredResourceAccess\": [$access]
}"
principal "$graph_client"

# --- for callers: a sign-in asks for nothing but who somebody is
scopes=$(permissions "$GRAPH" Scope openid profile email)
ids=$(registration "$name API" AzureADMyOrg)
api_object=$(printf '%s' "$ids" | cut -f 1)
api_client=$(printf '%s' "$ids" | cut -f 2)
change "$api_object" "{
    \"signInAudience\": \"AzureADMyOrg\",
    \"identifierUris\": [\"api://$api_client\"],
    \"api\": {\"requestedAccessTokenVersion\": 2},
    \"requiredResourceAccess\": [$scopes],
    \"appRoles\": [
        $(role "$READ_ROLE" BulkLicenses.Read 'Sees operations, audit, users and licences of all tenants.'),
        $(role "$OPERATE_ROLE" BulkLicenses.Operate 'Starts and steers operations and schedules in all tenants, and all of Read.'),
        $(role "$ADMIN_ROLE" BulkLicenses.Admin 'Manages tenants, prices and grants, and all of Operate.')
    ]
}"
principal "$api_client"

# --- what is known only once the app is there
if [ -n "$host" ]; then
    change "$graph_object" "{\"web\": {\"redirectUris\": [\"https://$host/api/consent\"]}}"
    change "$api_object" "{\"web\": {
        \"redirectUris\": [\"https://$host/.auth/login/aad/callback\"],
        \"implicitGrantSettings\": {\"enableIdTokenIssuance\": true}
    }}"
fi
if [ -n "$identity" ]; then
    trust "$graph_object"
    trust "$api_object"
fi

cat <<EOF
Both registrations are as they should be. Tell azd of them:

  azd env set GRAPH_CLIENT_ID $graph_client
  azd env set API_CLIENT_ID $api_client

An administrator of each customer consents at the link that the app gives (POST …/tenants/{tenant}/consent); without the app:

  https://login.microsoftonline.com/TENANT-ID/adminconsent?client_id=$graph_client
EOF
[ -n "$host" ] && [ -n "$identity" ] || cat <<'EOF'

Once `azd provision` has run, run this again with --host and --identity as well: until then nobody can sign in or consent,
and the app gets no token of Graph.
EOF
