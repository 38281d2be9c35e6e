export { Broker, type BrokerOptions, type ListenerOptions } from './broker.ts'
export { KafkaConnection, type KafkaConnectionOptions } from './client.ts'
export {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  isDeclared,
  type RequestHeader,
  readRequestHeader,
} from './codec/messages.ts'
export type { Encoded } from './codec/output.ts'
export type { Api, RequestOf, RequestToSend, ResponseOf, ResponseReceived } from './codec/schema.ts'
export { ErrorCode, type ErrorCodeSpec, type ErrorName, errorCodes, errorName } from './error-codes.ts'
export { kafkaErrors } from './errors.ts'
export { defaultGroupSettings, type GroupSettings } from './groups/index.ts'
export { type Handler, handler, type RequestContext } from './handler.ts'
export { type BrokerLimits, defaultBrokerLimits } from './limits.ts'
export * from './messages/index.ts'
export { uuidFromKafka, uuidToKafka, zeroUuid } from './uuid.ts'
