// The workspace in which logs, traces and metrics lie.

@description('Name of the workspace.')
param name string

@description('Region.')
param location string

@description('Tags.')
param tags object

@description('Days for which entries are kept.')
param retentionDays int

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    // Who may read a resource's logs is decided at the resource.
    features: { enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

@description('Resource id.')
output id string = workspace.id
