import type { Api, Fields, WireType } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'

/**
 * The response that says UNKNOWN_SERVER_ERROR and else only defaults. Undefined where the response has no error code of its own
 * in `version`: the client then learns of the failure by its connection being closed.
 */
export function serverErrorOf(api: Api, version: number): Record<string, unknown> | undefined {
  const { errorCode } = api.response
  if (errorCode === undefined || version < errorCode.since || version > errorCode.until) return undefined
  return { ...defaultsOf(api.response), errorCode: ErrorCode.UNKNOWN_SERVER_ERROR }
}

function defaultsOf(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, defaultOf(type)]))
}

function defaultOf(type: WireType): unknown {
  return type.kind === 'struct' && type.defaultValue === undefined ? defaultsOf(type.fields ?? {}) : type.defaultValue
}
