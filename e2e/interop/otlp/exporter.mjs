/** Sends one task with OpenTelemetry's own exporter: `exporter.mjs json|proto|grpc`, the rest by OTEL_EXPORTER_OTLP_*. Prints the trace's id. */
import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'
import { detectResources, envDetector, serviceNameEnvDetector } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

const names = { json: 'http', proto: 'proto', grpc: 'grpc' }
const { OTLPTraceExporter } = await import(`@opentelemetry/exporter-trace-otlp-${names[process.argv[2]]}`)
const provider = new TracerProvider({
  resource: detectResources({ detectors: [envDetector, serviceNameEnvDetector] }),
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
})
const tracer = provider.getTracer('interop')
const start = Date.now() - 10_000

function span(name, [fromMs, toMs], attributes, { parent, error } = {}) {
  const within = parent === undefined ? ROOT_CONTEXT : trace.setSpan(context.active(), parent)
  const made = tracer.startSpan(name, { attributes, startTime: start + fromMs }, within)
  if (error !== undefined) made.setStatus({ code: SpanStatusCode.ERROR, message: error })
  made.end(start + toMs)
  return made
}

const agent = {
  'gen_ai.operation.name': 'invoke_agent',
  'gen_ai.agent.name': 'scout',
  'gen_ai.provider.name': 'anthropic',
}
const chat = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.request.model': 'a-model',
  'gen_ai.usage.input_tokens': 1234,
  'gen_ai.request.temperature': 0.5,
  'gen_ai.response.finish_reasons': ['stop', 'tool_calls'],
  'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"Grüße 👋"}]}]',
}
const tool = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'search' }
const parent = span('invoke_agent scout', [0, 1500], agent)
span('chat a-model', [100, 900], chat, { parent })
span('execute_tool search', [900, 1000], tool, { parent, error: 'no answer' })
await provider.shutdown()
process.stdout.write(`${parent.spanContext().traceId}\n`)
