// Flex Consumption: Linux, scales to what there is to do, and is paid by use.

@description('Name of the plan.')
param name string

@description('Region.')
param location string

@description('Tags.')
param tags object

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  // checkov:skip=CKV_AZURE_225: zones of this plan are a choice of region; the rows are replicated over zones anyhow
  name: name
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
  }
}

@description('Resource id.')
output id string = plan.id
