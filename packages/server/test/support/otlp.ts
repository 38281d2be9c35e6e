/** Export requests, put together by the tests alone. */

export const traceId = '5b8efff798038103d269b633813fc60c'

type TestSpan = Readonly<Record<string, unknown>>

/** The span of a task: four events. `n` tells spans apart. */
export function taskSpan(n: number, change: TestSpan = {}): TestSpan {
  const startMs = Date.now() - 10_000
  return {
    traceId: n.toString(16).padStart(32, '0'),
    spanId: n.toString(16).padStart(16, '0'),
    name: 'invoke_agent scout',
    startTimeUnixNano: `${startMs}000000`,
    endTimeUnixNano: `${startMs + 1500}000000`,
    attributes: [
      { key: 'gen_ai.operation.name', value: { stringValue: 'invoke_agent' } },
      { key: 'gen_ai.agent.name', value: { stringValue: 'scout' } },
    ],
    ...change,
  }
}

/** A span that is one event. */
export function plainSpan(n: number, change: TestSpan = {}): TestSpan {
  return taskSpan(n, { attributes: [], ...change })
}

export function jsonBody(...spans: readonly TestSpan[]): Buffer {
  return Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }))
}

/** The same in protobuf: ids, name and times of the spans. */
export function protobufBody(...spans: readonly TestSpan[]): Buffer {
  const encoded = spans.map(({ traceId, spanId, name, startTimeUnixNano, endTimeUnixNano }) =>
    field(
      2,
      field(1, Buffer.from(String(traceId), 'hex')),
      field(2, Buffer.from(String(spanId), 'hex')),
      field(5, String(name)),
      fixed64(7, String(startTimeUnixNano)),
      fixed64(8, String(endTimeUnixNano)),
    ),
  )
  return field(1, field(2, ...encoded))
}

/** A field of length and bytes. */
export function field(number: number, ...parts: readonly (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map(part => Buffer.from(part as string)))
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(body.length), body])
}

function fixed64(number: number, value: string): Buffer {
  const body = Buffer.alloc(8)
  body.writeBigUInt64LE(BigInt(value))
  return Buffer.concat([Buffer.from([(number << 3) | 1]), body])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let left = value; ; left >>>= 7) {
    if (left < 0x80) return Buffer.from([...bytes, left])
    bytes.push((left & 0x7f) | 0x80)
  }
}
