import { api, array, bool, int8, int16, int32, nullable, string } from '../codec/schema.ts'

/** IncrementalAlterConfigs (KIP-339): operation 0 sets, 1 deletes, 2 appends to a list, 3 takes from one. Flexible from v1. */
export const incrementalAlterConfigs = api({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 1],
  flexible: 1,
  about: 'Change single settings of topics.',
  request: {
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({ name: string, configOperation: int8, value: nullable(string) }),
    }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32,
    responses: array({
      errorCode: int16,
      errorMessage: nullable(string),
      resourceType: int8,
      resourceName: string,
    }),
  },
})
