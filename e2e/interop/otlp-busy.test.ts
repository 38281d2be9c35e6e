/** OpenTelemetry's exporters meet a server whose buffer is full: what they were told to send again arrives once there is room. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { goExporter, nodeExporter, pythonExporter, send } from './otlp.ts'

/** As many events as an exporter sends here. With one more in it there is no room for them. */
const bufferEventsMax = 6

let server: ChronicleProcess
before(async () => {
  // The tables get nothing of themselves, only when somebody was refused.
  const env = { BUFFER_MAX_SIZE: `${bufferEventsMax}`, BATCH_FLUSH_THRESHOLD: '1000', BATCH_FLUSH_INTERVAL_MS: '60m' }
  server = await startChronicle({ env, hasEmptyTables: true })
  // The database opens now: it may take longer than an exporter is patient, which is for ten seconds.
  while ((await sendSpan()) === 200);
})
after(() => server.stop())

const url = (): string => `http://127.0.0.1:${server.httpPort}`

let spans = 0
async function sendSpan(): Promise<number> {
  const id = (++spans).toString(16).padStart(16, '0')
  const nanos = `${Date.now()}000000`
  const span = { traceId: `${id}${id}`, spanId: id, name: 'filling', startTimeUnixNano: nanos, endTimeUnixNano: nanos }
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })
  return (await fetch(`${url()}/v1/traces`, { method: 'POST', body, headers: { 'content-type': 'application/json' } }))
    .status
}

/** Requests that had this outcome. */
async function counted(transport: string, outcome: string): Promise<number> {
  const text = await (await fetch(`${url()}/metrics`)).text()
  const name = `chronicle_observe_otlp_requests_total{transport="${transport}",outcome="${outcome}"} `
  const line = text.split('\n').find(each => each.startsWith(name))
  return Number(line?.slice(name.length) ?? 0)
}

for (const exporter of [pythonExporter(), nodeExporter(), goExporter()]) {
  for (const [way, { isGrpc, retries }] of Object.entries(exporter.ways)) {
    if (!retries) continue
    test(`${exporter.name}'s exporter, ${way}: sends again when it is told to`, {
      skip: exporter.missing ?? false,
    }, async () => {
      while ((await sendSpan()) !== 200) await sleep(20)
      const transport = isGrpc ? 'grpc' : 'http'
      const [busy, taken] = [await counted(transport, 'busy'), await counted(transport, 'taken')]
      const endpoint = `http://127.0.0.1:${isGrpc ? server.otlpGrpcPort : server.httpPort}`
      await send(exporter, way, { endpoint, compression: undefined })
      assert.ok((await counted(transport, 'busy')) > busy, 'it was refused')
      assert.equal(await counted(transport, 'taken'), taken + 1)
    })
  }
}
