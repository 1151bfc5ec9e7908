// The containers of the app and the one of its package; anchors that nobody can change; what expires by itself.

@description('Name of the storage account.')
param storageAccountName string

@description('Days for which an anchor can neither be changed nor deleted.')
param anchorRetentionDays int

@description('Whether the policy of the anchors is locked: then it is left as it is.')
param anchorsLocked bool

@description('Days after which an overwritten or deleted blob or container is gone for good.')
@minValue(1)
@maxValue(365)
param recoverableDays int = 14

var containers = loadJsonContent('../stores.json').containers
var deploymentContainer = 'app-package'

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageAccountName
}

resource service 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: recoverableDays }
    containerDeleteRetentionPolicy: { enabled: true, days: recoverableDays }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = [for name in containers: {
  parent: service
  name: name
  properties: { publicAccess: 'None' }
}]

resource package 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: service
  name: deploymentContainer
  properties: { publicAccess: 'None' }
}

resource anchors 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' existing = {
  parent: service
  name: 'audit-anchors'
}

// Appending stays allowed: the month's blob grows by the hour, what it holds stands. Only once it is locked (by hand, as
// it cannot be undone: docs/deploy.md) can nobody shorten it, the owner of the subscription included.
resource immutable 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2023-05-01' = if (!anchorsLocked) {
  parent: anchors
  name: 'default'
  properties: {
    immutabilityPeriodSinceCreationInDays: anchorRetentionDays
    allowProtectedAppendWrites: true
  }
  dependsOn: [container]
}

// The app deletes exports after a day, plans and staged requests after 90 days where nothing needs them any more. Only for
// exports is there a rule as well: storage does not know which old plan or request an open operation or a schedule needs.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'exports'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: ['license-results/exports/']
            }
            actions: {
              baseBlob: { delete: { daysAfterCreationGreaterThan: 2 } }
            }
          }
        }
      ]
    }
  }
  dependsOn: [service]
}

@description('Container of the deployed package.')
output deploymentContainer string = package.name
