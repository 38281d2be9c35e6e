/** One export request in both encodings, put together by this test alone. */

export type Attributes = Readonly<Record<string, string>>
export type TestSpan = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Attributes
  readonly error?: string
}

export function jsonRequest(resource: Attributes, spans: readonly TestSpan[]): Buffer {
  const attributes = (of: Attributes) =>
    Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }))
  const json = spans.map(({ startMs, endMs, error, ...span }) => ({
    ...span,
    kind: 3,
    startTimeUnixNano: `${BigInt(startMs) * 1_000_000n}`,
    endTimeUnixNano: `${BigInt(endMs) * 1_000_000n}`,
    attributes: attributes(span.attributes),
    status: error === undefined ? {} : { code: 2, message: error },
  }))
  const scopeSpans = [{ scope: { name: 'library', version: '1.0' }, spans: json }]
  return Buffer.from(
    JSON.stringify({ resourceSpans: [{ resource: { attributes: attributes(resource) }, scopeSpans }] }),
  )
}

export function protobufRequest(resource: Attributes, spans: readonly TestSpan[]): Buffer {
  const attributes = (field: number, of: Attributes) =>
    Object.entries(of).map(([key, value]) => bytes(field, bytes(1, key), bytes(2, bytes(1, value))))
  const encoded = spans.map(({ parentSpanId, error, ...span }) =>
    bytes(
      2,
      bytes(1, Buffer.from(span.traceId, 'hex')),
      bytes(2, Buffer.from(span.spanId, 'hex')),
      ...(parentSpanId === undefined ? [] : [bytes(4, Buffer.from(parentSpanId, 'hex'))]),
      bytes(5, span.name),
      number(6, 3),
      fixed64(7, BigInt(span.startMs) * 1_000_000n),
      fixed64(8, BigInt(span.endMs) * 1_000_000n),
      ...attributes(9, span.attributes),
      ...(error === undefined ? [] : [bytes(15, bytes(2, error), number(3, 2))]),
    ),
  )
  const scope = bytes(1, bytes(1, 'library'), bytes(2, '1.0'))
  return bytes(1, bytes(1, ...attributes(1, resource)), bytes(2, scope, ...encoded))
}

/** A field of length and bytes; `parts` are put together. */
export function bytes(field: number, ...parts: readonly (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map(part => Buffer.from(part as string)))
  return Buffer.concat([varint((field << 3) | 2), varint(body.length), body])
}

const number = (field: number, value: number): Buffer => Buffer.concat([varint(field << 3), varint(value)])

function fixed64(field: number, value: bigint): Buffer {
  const body = Buffer.alloc(8)
  body.writeBigUInt64LE(value)
  return Buffer.concat([varint((field << 3) | 1), body])
}

function varint(value: number): Buffer {
  const out: number[] = []
  for (let left = value; ; left >>>= 7) {
    if (left < 0x80) return Buffer.from([...out, left])
    out.push((left & 0x7f) | 0x80)
  }
}
