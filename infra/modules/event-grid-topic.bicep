// Event Grid's topic of the storage account. What subscribes to it comes after the code: event-grid-subscription.bicep.

@description('Name of the topic.')
param name string

@description('Region, that of the storage account.')
param location string

@description('Tags.')
param tags object

@description('Name of the storage account.')
param storageAccountName string

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageAccountName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  properties: {
    source: account.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

@description('Name of the topic.')
output name string = topic.name
