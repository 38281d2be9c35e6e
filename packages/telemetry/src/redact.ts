/** Names of fields whose values are hidden wherever they stand. */
const secretName = /passw(or)?d|secret|token|authorization|credential|api_?key|access_?key|private_?key|cookie/i

const hidden = '***'

/** Deeper structures are shown as `…`: a log line is no dump, and may not run in circles. */
const depthMax = 6

/** The fields of a log line as they may be shown (TM1): secrets hidden by name, errors as plain objects. */
export function redact(fields: Record<string, unknown>): Record<string, unknown> {
  return redactFields(fields, 0)
}

function redactFields(fields: object, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    const mayBeSecret = (typeof value === 'string' || typeof value === 'object') && value !== null
    shown[name] = mayBeSecret && secretName.test(name) ? hidden : redactValue(value, depth + 1)
  }
  return shown
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (depth > depthMax) return '…'
  if (value instanceof Error) return redactError(value, depth)
  if (Array.isArray(value)) return value.map(each => redactValue(each, depth + 1))
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  if ('toJSON' in value && typeof value.toJSON === 'function') return redactValue(value.toJSON(), depth + 1)
  return redactFields(value instanceof Map ? Object.fromEntries(value) : value, depth)
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause, ...facts } = error
  return {
    type: name,
    message,
    ...redactFields(facts, depth),
    ...(cause === undefined ? {} : { cause: redactValue(cause, depth + 1) }),
    stack,
  }
}
