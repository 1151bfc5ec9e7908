// Tells the app of each file in license-drops. hooks/postdeploy.sh deploys it once the code is there: the key in the
// address exists only then, and Event Grid asks the address whether it wants the events. The key is read here, so that it
// passes through no shell.

@description('Name of the Event Grid topic.')
param topicName string

@description('Name of the function app.')
param functionAppName string

@description('Name of the function that takes dropped files.')
param functionName string = 'csv_drop'

@description('Container in which files are dropped.')
param containerName string = 'license-drops'

resource app 'Microsoft.Web/sites@2024-04-01' existing = {
  name: functionAppName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource drops 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: containerName
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: 'https://${app.properties.defaultHostName}/runtime/webhooks/blobs?functionName=Host.Functions.${functionName}&code=${listKeys('${app.id}/host/default', '2024-04-01').systemKeys.blobs_extension}'
      }
    }
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      // All names: one that leads nowhere is told of by the app.
      subjectBeginsWith: '/blobServices/default/containers/${containerName}/'
    }
    retryPolicy: {
      maxDeliveryAttempts: 30
      eventTimeToLiveInMinutes: 1440
    }
  }
}
