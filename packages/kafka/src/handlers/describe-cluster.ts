import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { describeCluster } from '../messages/index.ts'
import { refused } from './log-error.ts'
import type { HandlerOptions } from './options.ts'

const brokersEndpoint = 1

export function describeClusterHandler({ log, node }: HandlerOptions): Handler<typeof describeCluster> {
  return handler(describeCluster, ({ endpointType }) => {
    if (endpointType !== brokersEndpoint) {
      const why = `Endpoint type ${endpointType} is not served here; accepted is ${brokersEndpoint} (brokers)`
      return { throttleTimeMs: 0, ...refused('UNSUPPORTED_ENDPOINT_TYPE', why), clusterId: '', brokers: [] }
    }
    const { nodeId, host, port } = node
    const brokers = [{ brokerId: nodeId, host, port }]
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, clusterId: log.clusterId, controllerId: nodeId, brokers }
  })
}
