// Everything that runs in Azure, in one resource group. The app registrations are made beside it (register-app.sh), and
// the subscription that feeds the CSV drop after the first deployment of the code (hooks/postdeploy.sh).
targetScope = 'subscription'

@description('Name of the environment, as azd knows it; names of resources are derived from it.')
@minLength(1)
@maxLength(32)
param environmentName string

@description('Region of all resources. It must offer Flex Consumption with Python 3.13.')
param location string

@description('Application id of the multi-tenant registration with Graph\'s permissions (register-app.sh prints it).')
param graphClientId string

@description('Application id of the registration for callers, which holds the app roles (register-app.sh prints it).')
param apiClientId string

@description('Where orchestrations are kept. azureStorage is what host.json says: the tables and queues of the app\'s own account, no further resource. durableTaskScheduler is a managed service with a price of its own.')
@allowed(['azureStorage', 'durableTaskScheduler'])
param engineStorage string = 'azureStorage'

@description('Addresses that may reach the Durable Task Scheduler. An app without a network of its own has no fixed one; identities are checked all the same.')
param schedulerAllowedAddresses array = ['0.0.0.0/0']

@description('Memory of an instance in MB. A core comes with 2048, a quarter of one with 512: the app needs about 400 MB, but a quarter of a core makes its cold start four times as long.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Most instances at once. Graph\'s limits set the pace, not instances: 40 is the least that every region takes, and stays below what would be paid for in a runaway.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Calls that one instance answers at once before another one starts. One process answered 50 callers within 250 ms (docs/bench.md); an instance works on operations beside it.')
@minValue(1)
@maxValue(1000)
param callsPerInstance int = 32

@description('Instances that wait for calls at all times, and are paid for. None: after a quiet time the first call waits for a cold start.')
@minValue(0)
@maxValue(20)
param alwaysReadyInstances int = 0

@description('How the storage account is replicated. Rows are the truth: three zones of a region by default, a second region with Standard_GZRS.')
@allowed(['Standard_ZRS', 'Standard_GZRS', 'Standard_GRS'])
param storageReplication string = 'Standard_ZRS'

@description('Days for which an anchor of the audit can neither be changed nor deleted.')
@minValue(1)
@maxValue(146000)
param anchorRetentionDays int = 2555

@description('true once the policy of the anchors was locked (docs/deploy.md): a locked one takes no further deployment.')
param anchorsLocked bool = false

@description('Days for which logs and metrics are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Where alerts are sent; empty: they are only shown in the portal.')
param alertEmail string = ''

@description('API keys of the app, as docs/settings.md says: names, digests, roles and tenants; never the keys themselves.')
@secure()
param apiKeys string = ''

@description('Key that signs notifications; empty: notifications cannot be asked for.')
@secure()
param notifySecret string = ''

@description('on lets the app convert mailboxes through an endpoint of Exchange that Microsoft does not support (docs/adr/0008).')
@allowed(['on', 'off'])
param mailboxConversion string = 'off'

@description('on lets nobody approve an operation that they started.')
@allowed(['on', 'off'])
param approveByAnother string = 'off'

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var functionAppName = 'func-bulklicences-${token}'
var taskHubName = 'BulkLicences'

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-bulklicences-${token}'
    location: location
    tags: tags
  }
}

module logAnalytics 'modules/log-analytics.bicep' = {
  name: 'log-analytics'
  scope: group
  params: {
    name: 'log-bulklicences-${token}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
  }
}

module applicationInsights 'modules/application-insights.bicep' = {
  name: 'application-insights'
  scope: group
  params: {
    name: 'appi-bulklicences-${token}'
    location: location
    tags: tags
    workspaceId: logAnalytics.outputs.id
    publisherPrincipalId: identity.outputs.principalId
  }
}

module actionGroup 'modules/action-group.bicep' = {
  name: 'action-group'
  scope: group
  params: {
    name: 'ag-bulklicences-${token}'
    tags: tags
    email: alertEmail
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    applicationInsightsId: applicationInsights.outputs.id
    actionGroupId: actionGroup.outputs.id
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    tags: tags
    applicationInsightsId: applicationInsights.outputs.id
  }
}

module storageAccount 'modules/storage-account.bicep' = {
  name: 'storage-account'
  scope: group
  params: {
    name: 'stbulklic${token}'
    location: location
    tags: tags
    replication: storageReplication
  }
}

module tables 'modules/tables.bicep' = {
  name: 'tables'
  scope: group
  params: {
    storageAccountName: storageAccount.outputs.name
  }
}

module containers 'modules/containers.bicep' = {
  name: 'containers'
  scope: group
  params: {
    storageAccountName: storageAccount.outputs.name
    anchorRetentionDays: anchorRetentionDays
    anchorsLocked: anchorsLocked
  }
}

module storageRoles 'modules/storage-roles.bicep' = {
  name: 'storage-roles'
  scope: group
  params: {
    storageAccountName: storageAccount.outputs.name
    principalId: identity.outputs.principalId
  }
}

module storageLogs 'modules/storage-logs.bicep' = {
  name: 'storage-logs'
  scope: group
  params: {
    storageAccountName: storageAccount.outputs.name
    workspaceId: logAnalytics.outputs.id
  }
}

module scheduler 'modules/durable-task-scheduler.bicep' = if (engineStorage == 'durableTaskScheduler') {
  name: 'durable-task-scheduler'
  scope: group
  params: {
    name: 'dts-bulklicences-${token}'
    location: location
    tags: tags
    taskHubName: taskHubName
    allowedAddresses: schedulerAllowedAddresses
    principalId: identity.outputs.principalId
  }
}

module plan 'modules/plan.bicep' = {
  name: 'plan'
  scope: group
  params: {
    name: 'plan-bulklicences-${token}'
    location: location
    tags: tags
  }
}

module functionApp 'modules/function-app.bicep' = {
  name: 'function-app'
  scope: group
  params: {
    name: functionAppName
    location: location
    tags: union(tags, { 'azd-service-name': 'api' })
    planId: plan.outputs.id
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageAccountName: storageAccount.outputs.name
    deploymentContainerUrl: '${storageAccount.outputs.blobEndpoint}${containers.outputs.deploymentContainer}'
    applicationInsightsConnectionString: applicationInsights.outputs.connectionString
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    callsPerInstance: callsPerInstance
    alwaysReadyInstances: alwaysReadyInstances
    schedulerEndpoint: engineStorage == 'durableTaskScheduler' ? scheduler!.outputs.endpoint : ''
    graphClientId: graphClientId
    apiClientId: apiClientId
    apiKeys: apiKeys
    notifySecret: notifySecret
    mailboxConversion: mailboxConversion
    approveByAnother: approveByAnother
  }
  // Without its roles the app starts, is refused by its storage, and only tries again later.
  dependsOn: [storageRoles]
}

module signIn 'modules/sign-in.bicep' = {
  name: 'sign-in'
  scope: group
  params: {
    functionAppName: functionApp.outputs.name
    apiClientId: apiClientId
  }
}

module eventGridTopic 'modules/event-grid-topic.bicep' = {
  name: 'event-grid-topic'
  scope: group
  params: {
    name: 'evgt-bulklicences-${token}'
    location: location
    tags: tags
    storageAccountName: storageAccount.outputs.name
  }
}

@description('Resource group of everything.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Name of the function app.')
output FUNCTION_APP_NAME string = functionApp.outputs.name

@description('Host name of the function app; register-app.sh takes it.')
output FUNCTION_APP_HOST string = functionApp.outputs.host

@description('Object id of the app\'s identity, which the registrations trust; register-app.sh takes it.')
output IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId

@description('Name of the storage account.')
output STORAGE_ACCOUNT_NAME string = storageAccount.outputs.name

@description('Name of the Event Grid topic to which the hook after a deployment subscribes the CSV drop.')
output EVENT_GRID_TOPIC_NAME string = eventGridTopic.outputs.name
