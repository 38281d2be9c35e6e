// Sends one task with OpenTelemetry's own exporter: exporter http|grpc, the rest by OTEL_EXPORTER_OTLP_*. Prints the trace's id.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var begun = time.Now().Add(-10 * time.Second)

func at(ms int) time.Time { return begun.Add(time.Duration(ms) * time.Millisecond) }

func exporter(ctx context.Context) (*otlptrace.Exporter, error) {
	if os.Args[1] == "http" {
		return otlptracehttp.New(ctx)
	}
	return otlptracegrpc.New(ctx)
}

func main() {
	ctx := context.Background()
	sending, err := exporter(ctx)
	if err != nil {
		panic(err)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(sending))
	tracer := provider.Tracer("interop")

	span := func(within context.Context, name string, from, to int, failed string, attributes ...attribute.KeyValue) context.Context {
		inside, made := tracer.Start(within, name, trace.WithTimestamp(at(from)), trace.WithAttributes(attributes...))
		if failed != "" {
			made.SetStatus(codes.Error, failed)
		}
		made.End(trace.WithTimestamp(at(to)))
		return inside
	}
	text := attribute.String
	task := span(ctx, "invoke_agent scout", 0, 1500, "",
		text("gen_ai.operation.name", "invoke_agent"),
		text("gen_ai.agent.name", "scout"),
		text("gen_ai.provider.name", "anthropic"))
	span(task, "chat a-model", 100, 900, "",
		text("gen_ai.operation.name", "chat"),
		text("gen_ai.request.model", "a-model"),
		attribute.Int("gen_ai.usage.input_tokens", 1234),
		attribute.Float64("gen_ai.request.temperature", 0.5),
		attribute.StringSlice("gen_ai.response.finish_reasons", []string{"stop", "tool_calls"}),
		text("gen_ai.input.messages", `[{"role":"user","parts":[{"type":"text","content":"Grüße 👋"}]}]`))
	span(task, "execute_tool search", 900, 1000, "no answer",
		text("gen_ai.operation.name", "execute_tool"),
		text("gen_ai.tool.name", "search"))
	if err := provider.Shutdown(ctx); err != nil {
		panic(err)
	}
	fmt.Println(trace.SpanContextFromContext(task).TraceID())
}
