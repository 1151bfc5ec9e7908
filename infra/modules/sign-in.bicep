// App Service authentication: it signs browsers in and strips a header that a caller makes up. It lets everybody pass,
// since API keys, webhooks and the consent page are not its business: the app decides (docs/architecture.md).

@description('Name of the function app.')
param functionAppName string

@description('Application id of the registration for callers, whose app roles are BulkLicenses.Read, .Operate and .Admin.')
param apiClientId string

resource app 'Microsoft.Web/sites@2024-04-01' existing = {
  name: functionAppName
}

resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
      runtimeVersion: '~1'
    }
    globalValidation: {
      requireAuthentication: false
      unauthenticatedClientAction: 'AllowAnonymous'
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          clientId: apiClientId
          // No secret: the registration trusts the app's identity, whose client id this setting holds.
          clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
        }
        validation: {
          allowedAudiences: [apiClientId, 'api://${apiClientId}']
        }
      }
    }
    login: {
      // The app needs who somebody is, not their tokens.
      tokenStore: { enabled: false }
    }
  }
}
