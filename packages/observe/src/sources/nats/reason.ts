import { ChronicleError } from '@chronicle/base'

const lengthMax = 200

/** Why something failed, for the log and the health check. What the client and the server say names subjects, streams and hosts, never content or credentials. */
export function reasonOf(error: unknown): string {
  if (error instanceof ChronicleError) return error.message
  return error instanceof Error && error.message !== '' ? error.message.slice(0, lengthMax) : 'unknown'
}
