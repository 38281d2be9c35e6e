import type { Api } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { apiVersions } from '../messages/index.ts'

/** Advertises exactly what is handled: `served` and ApiVersions itself (N8). No feature is finalised. */
export function apiVersionsHandler(served: readonly Api[]): Handler<typeof apiVersions> {
  const apiKeys = [...served, apiVersions]
    .map(({ key, versions: [minVersion, maxVersion] }) => ({ apiKey: key, minVersion, maxVersion }))
    .sort((a, b) => a.apiKey - b.apiKey)
  return handler(apiVersions, () => ({ errorCode: ErrorCode.NONE, apiKeys }))
}
