"""Sends one task with OpenTelemetry's own exporter: exporter.py http|grpc, the rest by OTEL_EXPORTER_OTLP_*. Prints the trace's id."""

import sys
import time

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode, set_span_in_context

if sys.argv[1] == "http":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("interop")

start = time.time_ns() - 10_000_000_000


def span(name, from_ms, to_ms, attributes, parent=None, error=None):
    context = None if parent is None else set_span_in_context(parent)
    made = tracer.start_span(name, context, attributes=attributes, start_time=start + from_ms * 1_000_000)
    if error is not None:
        made.set_status(Status(StatusCode.ERROR, error))
    made.end(end_time=start + to_ms * 1_000_000)
    return made


agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "scout", "gen_ai.provider.name": "anthropic"}
chat = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "a-model",
    "gen_ai.usage.input_tokens": 1234,
    "gen_ai.request.temperature": 0.5,
    "gen_ai.response.finish_reasons": ["stop", "tool_calls"],
    "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Grüße 👋"}]}]',
}
tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}
root = span("invoke_agent scout", 0, 1500, agent)
span("chat a-model", 100, 900, chat, root)
span("execute_tool search", 900, 1000, tool, root, "no answer")
print(format(root.get_span_context().trace_id, "032x"))
provider.shutdown()
