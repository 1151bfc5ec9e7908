// Who is told of an alert.

@description('Name of the group.')
param name string

@description('Tags.')
param tags object

@description('Mail address; empty for none.')
param email string

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'bulklic'
    enabled: true
    emailReceivers: empty(email) ? [] : [
      {
        name: 'operators'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

@description('Resource id.')
output id string = actionGroup.id
