// The app's storage: rows, blobs, the host's leases and the deployed package. No key of the account works.

@description('Name of the account, at most 24 small letters and digits.')
@minLength(3)
@maxLength(24)
param name string

@description('Region.')
param location string

@description('Tags.')
param tags object

@description('Replication, as the name of the SKU.')
param replication string

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  // checkov:skip=CKV_AZURE_35: Flex Consumption without a network has no address to allow; identities alone are let in
  // checkov:skip=CKV_AZURE_59: as above, the app and those who drop files reach it from outside any network
  // checkov:skip=CKV_AZURE_206: every value that the parameter takes replicates; the rule cannot see through it
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: replication }
  properties: {
    accessTier: 'Hot'
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    // Links to exports live 15 minutes; nothing may be signed for longer than a day.
    sasPolicy: {
      sasExpirationPeriod: '1.00:00:00'
      expirationAction: 'Log'
    }
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      defaultAction: 'Allow'
      bypass: 'AzureServices'
    }
    encryption: {
      requireInfrastructureEncryption: true
      keySource: 'Microsoft.Storage'
      services: {
        blob: { enabled: true, keyType: 'Account' }
        table: { enabled: true, keyType: 'Account' }
        queue: { enabled: true, keyType: 'Account' }
      }
    }
  }
}

@description('Name of the account.')
output name string = account.name

@description('Where its blobs are, with a slash at the end.')
output blobEndpoint string = account.properties.primaryEndpoints.blob
