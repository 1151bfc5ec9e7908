// What `azd env set` knows, by the names that docs/deploy.md tells. What is not named here keeps main.bicep's default.
using './main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')
param graphClientId = readEnvironmentVariable('GRAPH_CLIENT_ID')
param apiClientId = readEnvironmentVariable('API_CLIENT_ID')
param engineStorage = readEnvironmentVariable('ENGINE_STORAGE', 'azureStorage')
param instanceMemoryMB = int(readEnvironmentVariable('INSTANCE_MEMORY_MB', '2048'))
param maximumInstanceCount = int(readEnvironmentVariable('MAXIMUM_INSTANCES', '40'))
param callsPerInstance = int(readEnvironmentVariable('CALLS_PER_INSTANCE', '32'))
param alwaysReadyInstances = int(readEnvironmentVariable('ALWAYS_READY_INSTANCES', '0'))
param storageReplication = readEnvironmentVariable('STORAGE_REPLICATION', 'Standard_ZRS')
param anchorsLocked = bool(readEnvironmentVariable('ANCHORS_LOCKED', 'false'))
param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')
param apiKeys = readEnvironmentVariable('API_KEYS', '')
param notifySecret = readEnvironmentVariable('NOTIFY_SECRET', '')
param mailboxConversion = readEnvironmentVariable('MAILBOX_CONVERSION', 'off')
param approveByAnother = readEnvironmentVariable('APPROVE_BY_ANOTHER', 'off')
