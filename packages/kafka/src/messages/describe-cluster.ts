import { api, array, bool, int8, int16, int32, nullByDefault, since, string, withDefault } from '../codec/schema.ts'

/** Authorized operations were not asked for. */
const notAsked = -2147483648

/** DescribeCluster: cluster id, controller and brokers (KIP-700). Always flexible. v1 asks for brokers (1) or controllers (2) (KIP-919), v2 for fenced brokers (KIP-1073). */
export const describeCluster = api({
  key: 60,
  name: 'DescribeCluster',
  versions: [0, 2],
  flexible: 0,
  about: 'Cluster id, controller and brokers.',
  request: {
    includeClusterAuthorizedOperations: bool,
    endpointType: since(1, withDefault(1, int8)),
    includeFencedBrokers: since(2, bool),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    errorMessage: nullByDefault(string),
    endpointType: since(1, withDefault(1, int8)),
    clusterId: string,
    controllerId: withDefault(-1, int32),
    brokers: array({
      brokerId: int32,
      host: string,
      port: int32,
      rack: nullByDefault(string),
      isFenced: since(2, bool),
    }),
    clusterAuthorizedOperations: withDefault(notAsked, int32),
  },
})
