// The one identity of the app: for its storage, its telemetry, and as the proof towards Entra ID in every tenant.

@description('Name of the identity.')
param name string

@description('Region.')
param location string

@description('Tags.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id.')
output id string = identity.id

@description('Client id, which the app is told.')
output clientId string = identity.properties.clientId

@description('Object id, which roles are given to and registrations trust.')
output principalId string = identity.properties.principalId
