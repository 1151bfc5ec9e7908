// The app. All of its settings stand here, so a deployment takes away what was set by hand.

@description('Name of the app.')
param name string

@description('Region.')
param location string

@description('Tags.')
param tags object

@description('Resource id of the plan.')
param planId string

@description('Resource id of the app\'s identity.')
param identityId string

@description('Client id of that identity.')
param identityClientId string

@description('Name of the storage account.')
param storageAccountName string

@description('Address of the container of the deployed package.')
param deploymentContainerUrl string

@description('Connection string of Application Insights.')
param applicationInsightsConnectionString string

@description('Memory of an instance in MB.')
param instanceMemoryMB int

@description('Most instances at once.')
param maximumInstanceCount int

@description('Calls that one instance answers at once before another one starts.')
param callsPerInstance int

@description('Instances that wait for calls at all times.')
param alwaysReadyInstances int

@description('Address of the Durable Task Scheduler; empty where orchestrations are kept in the storage account.')
param schedulerEndpoint string

@description('Application id of the registration with Graph\'s permissions.')
param graphClientId string

@description('Application id of the registration for callers.')
param apiClientId string

@description('API keys of the app, empty for none.')
@secure()
param apiKeys string

@description('Key that signs notifications, empty for none.')
@secure()
param notifySecret string

@description('Whether mailboxes may be converted, on or off.')
param mailboxConversion string

@description('Whether approval takes another person, on or off.')
param approveByAnother string

var host = '${name}.azurewebsites.net'

// The app's own settings, as docs/settings.md has them.
var ownSettings = union({
  AzureWebJobsStorage__accountName: storageAccountName
  AZURE_CLIENT_ID: identityClientId
  GRAPH_CREDENTIAL: 'managedIdentity'
  GRAPH_CLIENT_ID: graphClientId
  AUTH_ISSUER: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
  AUTH_AUDIENCE: apiClientId
  BEHIND_PLATFORM_SIGN_IN: 'on'
  CONSENT_REDIRECT_URL: 'https://${host}/api/consent'
  APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identityClientId}'
  MAILBOX_CONVERSION: mailboxConversion
  APPROVE_BY_ANOTHER: approveByAnother
}, empty(apiKeys) ? {} : { API_KEYS: apiKeys }, empty(notifySecret) ? {} : { NOTIFY_SECRET: notifySecret })

// What the platform reads, not the app.
var platformSettings = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  PYTHON_ENABLE_OPENTELEMETRY: 'true'
  OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identityClientId
}

// Says over host.json where orchestrations are kept.
var engineSettings = empty(schedulerEndpoint) ? {} : {
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
  DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${identityClientId}'
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  // checkov:skip=CKV_AZURE_17: callers prove themselves by keys, tokens or sign-in; nobody has client certificates
  // checkov:skip=CKV_AZURE_212: the plan scales by itself and may go to no instance
  // checkov:skip=CKV_AZURE_213: the plan replaces what fails by itself; monitors outside ask /api/health?ready=1
  // checkov:skip=CKV_AZURE_222: administrators, Event Grid and Entra ID's consent page reach it from the internet
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: planId
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    siteConfig: {
      minTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      appSettings: [for setting in items(union(ownSettings, platformSettings, engineSettings)): {
        name: setting.key
        value: setting.value
      }]
    }
    functionAppConfig: {
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        triggers: { http: { perInstanceConcurrency: callsPerInstance } }
        alwaysReady: alwaysReadyInstances == 0 ? [] : [{ name: 'http', instanceCount: alwaysReadyInstances }]
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
    }
  }
}

// Nobody publishes with a password.
resource ftp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource scm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

@description('Name of the app.')
output name string = app.name

@description('Host name of the app.')
output host string = app.properties.defaultHostName
