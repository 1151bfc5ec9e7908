#!/bin/sh
# Subscribes the CSV drop to Event Grid. azd runs it after each deployment of the code, with the outputs of main.bicep in
# the environment; run again it changes nothing.
set -eu
: "${AZURE_RESOURCE_GROUP:?}" "${AZURE_SUBSCRIPTION_ID:?}" "${FUNCTION_APP_NAME:?}" "${EVENT_GRID_TOPIC_NAME:?}"
folder=$(cd "$(dirname "$0")/.." && pwd)
PATIENCE=${PATIENCE:-30} # looks at the key, one each PAUSE seconds
PAUSE=${PAUSE:-10}

# The host makes the key when it has loaded the code for the first time.
has_key() {
    found=$(az functionapp keys list --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" \
        --name "$FUNCTION_APP_NAME" --query "contains(keys(systemKeys), 'blobs_extension')" --output tsv 2>/dev/null) || return 1
    [ "$found" = true ]
}

looks=0
until has_key; do
    looks=$((looks + 1))
    if [ "$looks" -ge "$PATIENCE" ]; then
        echo "The app $FUNCTION_APP_NAME has no key for blobs yet: it has not loaded its functions. Look at its log stream, then run this again." >&2
        exit 1
    fi
    sleep "$PAUSE"
done
az deployment group create --subscription "$AZURE_SUBSCRIPTION_ID" --resource-group "$AZURE_RESOURCE_GROUP" \
    --name event-grid-subscription --template-file "$folder/modules/event-grid-subscription.bicep" \
    --parameters topicName="$EVENT_GRID_TOPIC_NAME" functionAppName="$FUNCTION_APP_NAME" --output none
echo "Files dropped into license-drops reach $FUNCTION_APP_NAME."
