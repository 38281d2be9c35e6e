import { api, array, bool, int16, int32, int64, since, string, tagged, withDefault } from '../codec/schema.ts'

/**
 * ApiVersions: what this broker speaks. Flexible from v3, yet the response header stays version 0 so that a client can read the
 * answer before it knows anything (KIP-511). A request in an unknown version is answered in v0 with error 35 and the list.
 * v4 is v3 with features whose lowest version is 0 (KIP-584).
 */
export const apiVersions = api({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 4],
  flexible: 3,
  about: 'The APIs and versions that this broker speaks.',
  plainResponseHeader: true,
  request: { clientSoftwareName: since(3, string), clientSoftwareVersion: since(3, string) },
  response: {
    errorCode: int16,
    apiKeys: array({ apiKey: int16, minVersion: int16, maxVersion: int16 }),
    throttleTimeMs: since(1, int32),
    supportedFeatures: since(3, tagged(0, array({ name: string, minVersion: int16, maxVersion: int16 }))),
    finalizedFeaturesEpoch: since(3, tagged(1, withDefault(-1, int64))),
    finalizedFeatures: since(3, tagged(2, array({ name: string, maxVersionLevel: int16, minVersionLevel: int16 }))),
    zkMigrationReady: since(3, tagged(3, bool)),
  },
})
