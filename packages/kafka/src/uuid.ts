/**
 * A UUID has two text forms here. Kafka's, on the wire's side: 22 characters of URL-safe base64. The standard one (RFC 9562),
 * in the log and for people: 36 characters of hex with hyphens.
 */

/** No topic id. */
export const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA'

const standardForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Standard form to Kafka's; `undefined` when `uuid` is not in standard form. */
export function uuidToKafka(uuid: string): string | undefined {
  if (!standardForm.test(uuid)) return undefined
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url')
}

/** Kafka's form to the standard one, in lower case; `undefined` when `uuid` is not 16 bytes in base64. */
export function uuidFromKafka(uuid: string): string | undefined {
  const bytes = Buffer.from(uuid, 'base64url')
  if (uuid.length !== 22 || bytes.length !== 16) return undefined
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
