"""An agent's run as OpenTelemetry spans, by the semantic conventions for generative AI: Chronicle makes a task of it.

Needs: pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
"""

import os
import time

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

url = os.environ.get("CHRONICLE_URL", "http://127.0.0.1:8700")

provider = TracerProvider(resource=Resource.create({"service.name": "planner"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces")))
tracer = provider.get_tracer("example")

agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "scout"}
chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "a-model", "gen_ai.usage.input_tokens": 1234}
tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}

with tracer.start_as_current_span("invoke_agent scout", attributes=agent) as task:
    with tracer.start_as_current_span("chat a-model", attributes=chat, kind=trace.SpanKind.CLIENT):
        time.sleep(0.2)
    with tracer.start_as_current_span("execute_tool search", attributes=tool):
        time.sleep(0.1)

# Sends what is left, and waits until the server has it.
provider.shutdown()
print(f"{url}/api/v1/traces/{task.get_span_context().trace_id:032x} has it in some seconds")
