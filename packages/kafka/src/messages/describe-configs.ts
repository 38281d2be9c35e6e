import { api, array, bool, int8, int16, int32, nullable, since, string, until, withDefault } from '../codec/schema.ts'

/**
 * DescribeConfigs: settings of topics (resource type 2) and brokers (4). Flexible from v4. v0 says only whether a value is the
 * default, v1 where it comes from and its synonyms (KIP-226), v3 its type and documentation (KIP-569). Null keys ask for all.
 */
export const describeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  versions: [0, 4],
  flexible: 4,
  about: 'Settings of topics and brokers, and where each comes from.',
  request: {
    resources: array({ resourceType: int8, resourceName: string, configurationKeys: nullable(array(string)) }),
    includeSynonyms: since(1, bool),
    includeDocumentation: since(3, bool),
  },
  response: {
    throttleTimeMs: int32,
    results: array({
      errorCode: int16,
      errorMessage: nullable(string),
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: nullable(string),
        readOnly: bool,
        isDefault: until(0, bool),
        configSource: since(1, withDefault(-1, int8)),
        isSensitive: bool,
        synonyms: since(1, array({ name: string, value: nullable(string), source: int8 })),
        configType: since(3, int8),
        documentation: since(3, nullable(string)),
      }),
    }),
  },
})
