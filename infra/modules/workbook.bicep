// One page of what the app does: users, ends, throttling, waiting, in Application Insights under Workbooks.

@description('Region.')
param location string

@description('Tags.')
param tags object

@description('Resource id of Application Insights.')
param applicationInsightsId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(applicationInsightsId, 'bulk-licences')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Bulk licences'
    category: 'workbook'
    sourceId: applicationInsightsId
    version: 'Notebook/1.0'
    serializedData: replace(loadTextContent('../workbook.json'), '{applicationInsightsId}', applicationInsightsId)
  }
}
