// What somebody must look at, from the app's own metrics. Each has its section in docs/operations.md,
// under its title.

@description('Region.')
param location string

@description('Tags.')
param tags object

@description('Resource id of Application Insights.')
param applicationInsightsId string

@description('Resource id of the action group.')
param actionGroupId string

// A rule counts the rows of its query: any is one too many. Severity 0 is critical, 3 informational.
var rules = [
  {
    name: 'operation-failed'
    title: 'An operation has failed'
    description: 'Look at its errors, grouped by code, in the portal or at GET /operations/{id}; each code says what to do.'
    severity: 2
    every: 'PT5M'
    window: 'PT5M'
    query: 'customMetrics | where name == "operations.ended" | where tostring(customDimensions.status) == "failed" | where valueSum > 0'
  }
  {
    name: 'operation-stuck'
    title: 'An operation is stuck'
    description: 'The sweeper has taken up operations more than twice within half an hour. Once after a release, a scale-in or a crash is as it should be.'
    severity: 1
    every: 'PT15M'
    window: 'PT30M'
    query: 'customMetrics | where name == "operations.stuck" | summarize taken = sum(valueSum) | where taken > 2'
  }
  {
    name: 'operation-halted'
    title: 'An operation has halted'
    description: 'Its stop rule or a limit of changes was reached. Somebody decides: resume or cancel.'
    severity: 2
    every: 'PT5M'
    window: 'PT5M'
    query: 'customMetrics | where name == "operations.halted" | where valueSum > 0'
  }
  {
    name: 'throttling'
    title: 'Graph throttles'
    description: 'The app keeps below Graph\'s limits by itself: more than 50 refusals in a quarter of an hour mean that something else writes to the same tenants, or that a limit has changed.'
    severity: 3
    every: 'PT15M'
    window: 'PT15M'
    query: 'customMetrics | where name == "graph.throttled" | summarize refused = sum(valueSum) | where refused > 50'
  }
  {
    name: 'queue-old'
    title: 'The queue is old'
    description: 'The oldest part of an operation was looked at ten minutes late, or the sweeper, which tells every half minute, has told nothing for a quarter of an hour: it does not run, or its telemetry does not arrive.'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    query: 'customMetrics | where name == "queue.age" | summarize told = count(), late = max(valueMax) | where told == 0 or late > 600'
  }
  {
    name: 'audit-broken'
    title: 'An audit chain is broken'
    description: 'Entries of the audit were changed, removed or reordered outside the app. Keep the account as it is, and compare with the anchors.'
    severity: 0
    every: 'PT15M'
    window: 'PT15M'
    query: 'customMetrics | where name == "audit.broken" | where valueSum > 0'
  }
]

resource alert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: 'bulklicences-${rule.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: rule.title
    description: rule.description
    severity: rule.severity
    enabled: true
    scopes: [applicationInsightsId]
    evaluationFrequency: rule.every
    windowSize: rule.window
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    actions: { actionGroups: [actionGroupId] }
  }
}]
