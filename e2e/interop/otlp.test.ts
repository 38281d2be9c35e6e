/** OpenTelemetry's exporters of three languages, over HTTP and gRPC: their agent's run becomes a task, with everything that they said of it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { goExporter, nodeExporter, pythonExporter, send } from './otlp.ts'
import { run } from './toolchain.ts'

type Trace = Record<string, unknown> & {
  readonly spans: readonly { event_type: string; source: string; metadata: Record<string, unknown> }[]
}

const exporters = [pythonExporter(), nodeExporter(), goExporter()]
let server: ChronicleProcess
before(async () => {
  server = await startChronicle({ env: { BATCH_FLUSH_INTERVAL_MS: '50ms' } })
})
after(() => server.stop())

async function completed(traceId: string, events = 6): Promise<Trace> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${server.httpPort}/api/v1/traces/${traceId}`)
    const trace = response.status === 200 ? ((await response.json()) as Trace) : undefined
    if (trace?.span_count === events) return trace
    await sleep(50)
  }
}

function checkTask(trace: Trace): void {
  const { status, task_title, owner, assigned_agent, duration_ms, time_to_pickup_ms } = trace
  assert.deepEqual(
    { status, task_title, owner, assigned_agent, duration_ms, time_to_pickup_ms },
    {
      status: 'completed',
      task_title: 'invoke_agent scout',
      owner: 'planner',
      assigned_agent: 'scout',
      duration_ms: 1500,
      time_to_pickup_ms: 0,
    },
  )
  const spans = new Map(trace.spans.map(({ event_type, metadata }) => [event_type, metadata]))
  const ended = ['gen_ai.chat', 'gen_ai.execute_tool']
  const begun = ['task.created', 'task.assigned', 'task.started']
  assert.deepEqual([...spans.keys()].sort(), [...begun, 'task.completed', ...ended].sort())
  assert.deepEqual(spans.get('gen_ai.chat')!.attributes, {
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': 'a-model',
    'gen_ai.usage.input_tokens': 1234,
    'gen_ai.request.temperature': 0.5,
    'gen_ai.response.finish_reasons': ['stop', 'tool_calls'],
    'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"Grüße 👋"}]}]',
  })
  const chat = spans.get('gen_ai.chat')!.span as Record<string, unknown>
  assert.deepEqual([chat.name, chat.duration_ms, chat.is_error], ['chat a-model', 800, false])
  const tool = spans.get('gen_ai.execute_tool')!.span as Record<string, unknown>
  assert.deepEqual([tool.is_error, tool.status_message], [true, 'no answer'])
  assert.equal(
    (spans.get('task.completed')!.attributes as Record<string, unknown>)['gen_ai.provider.name'],
    'anthropic',
  )
}

for (const exporter of exporters) {
  const { name, missing, ways } = exporter
  for (const [way, { isGrpc, compressions }] of Object.entries(ways)) {
    test(`${name}'s exporter, ${way}: a task arrives with its times and attributes`, {
      skip: missing ?? false,
    }, async () => {
      const endpoint = `http://127.0.0.1:${isGrpc ? server.otlpGrpcPort : server.httpPort}`
      for (const compression of compressions) {
        checkTask(await completed(await send(exporter, way, { endpoint, compression })))
      }
    })
  }
}

const python = exporters[0]!
test('examples/otlp.py sends a task', { skip: python.missing ?? false }, async () => {
  const example = join(import.meta.dirname, '../../examples/otlp.py')
  const url = `http://127.0.0.1:${server.httpPort}`
  const said = run(python.command[0]!, [example], { env: { ...process.env, CHRONICLE_URL: url } })
  const [, traceId] = /\/api\/v1\/traces\/([0-9a-f]{32}) has it/.exec(said)!
  const { status, assigned_agent, duration_ms } = await completed(traceId!)
  assert.deepEqual([status, assigned_agent], ['completed', 'scout'])
  assert.ok(Number(duration_ms) >= 300)
})
