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
  // checkov:skip=CKV_AZURE_13: this very resource is the authentication; the rule looks for its older form
  // checkov:skip=CKV_AZURE_63: logging is no part of it; requests go to Application Insights
  // checkov:skip=CKV_AZURE_65: as above
  // checkov:skip=CKV_AZURE_66: as above
  // checkov:skip=CKV_AZURE_80: there is no .NET in a Python app
  // checkov:skip=CKV_AZURE_88: the app keeps no files
  // checkov:skip=CKV_AZURE_222: administrators, Event Grid and Entra ID's consent page reach it from the internet
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
