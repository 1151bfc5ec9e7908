// The tables of the app. It would make a missing one itself; here they stand so that a deployment shows what there is.
// The engine's own tables and queues are made by the engine.

@description('Name of the storage account.')
param storageAccountName string

var tables = loadJsonContent('../stores.json').tables

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageAccountName
}

resource service 'Microsoft.Storage/storageAccounts/tableServices@2023-05-01' = {
  parent: account
  name: 'default'
}

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2023-05-01' = [for name in tables: {
  parent: service
  name: name
}]
