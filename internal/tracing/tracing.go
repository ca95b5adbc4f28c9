// Package tracing tells an OpenTelemetry collector what a node does: requests, operations,
// executions for events, and their statements. It knows nothing of them: app joins it to web, graph
// and store.
//
// Only what begins with a request, an operation on a socket, or an event is a trace. What clients
// send is in none, but for the names of their operations, and what a database says of an error.
package tracing

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"parley/internal/panics"
	"parley/internal/reqid"
)

// Config says where traces go.
type Config struct {
	// URL is the collector's, for OTLP over HTTP: http://collector:4318. Without a path it is
	// /v1/traces there.
	URL string
	// Ratio is the share of traces that are exported, from 0 to 1. A trace that a client has begun
	// without sampling it is not exported either.
	Ratio float64
	// Version is the program's.
	Version string
	// Log receives the errors of the exporter.
	Log *slog.Logger
	// Panics contains the panics of the exporting; nil contains them without counting.
	Panics *panics.Guard
}

// Tracer makes spans and exports them in the background. When the collector is slow or away, spans
// that do not fit into its memory are dropped: nothing waits for it.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	headers  propagation.TraceContext
}

// New returns a tracer. Headers, certificates and attributes of the node come from OpenTelemetry's
// own variables (https://opentelemetry.io/docs/specs/otel/protocol/exporter/):
// OTEL_EXPORTER_OTLP_HEADERS and so on. Close ends it.
func New(ctx context.Context, cfg Config) (*Tracer, error) {
	endpoint, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("read the collector's URL: %w", err)
	}
	if strings.Trim(endpoint.Path, "/") == "" {
		endpoint = endpoint.JoinPath("v1", "traces")
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(endpoint.String()))
	if err != nil {
		return nil, fmt.Errorf("prepare to tell traces: %w", err)
	}
	node, err := resource.New(
		ctx,
		resource.WithTelemetrySDK(),
		resource.WithHost(),
		resource.WithAttributes(
			attribute.String("service.name", "parley"),
			attribute.String("service.version", cfg.Version),
		),
		resource.WithFromEnv(), // which has the last word
	)
	if err != nil {
		return nil, fmt.Errorf("describe the node: %w", err)
	}
	ratio := ratioSampler(cfg.Ratio)
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(loggingExporter{exporter, cfg.Log, cfg.Panics}),
		sdk.WithResource(node),
		// Every client may begin a trace, and must not decide by that what tracing costs.
		sdk.WithSampler(sdk.ParentBased(ratio, sdk.WithRemoteParentSampled(ratio))),
	)
	return &Tracer{provider: provider, tracer: provider.Tracer("parley")}, nil
}

// ratioSampler samples at random. It does not look at the number of a trace, which may be a
// client's.
type ratioSampler float64

// ShouldSample is [sdk.Sampler]'s.
func (l ratioSampler) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	result := sdk.SamplingResult{
		Decision:   sdk.Drop,
		Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState(),
	}
	if rand.Float64() < float64(l) { //nolint:gosec // nothing is secret
		result.Decision = sdk.RecordAndSample
	}
	return result
}

// Description is [sdk.Sampler]'s.
func (l ratioSampler) Description() string { return fmt.Sprintf("lot of %v", float64(l)) }

// Close tells what is left, until ctx ends.
func (t *Tracer) Close(ctx context.Context) error {
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("tell the last traces: %w", err)
	}
	return nil
}

// loggingExporter is an exporter that logs its failures.
type loggingExporter struct {
	*otlptrace.Exporter
	log    *slog.Logger
	panics *panics.Guard
}

// ExportSpans is [sdk.SpanExporter]'s.
func (t loggingExporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	_ = t.panics.Run(
		ctx,
		panics.Background,
		func() error { // the SDK exports in a goroutine of its own
			if err := t.Exporter.ExportSpans(ctx, spans); err != nil {
				t.log.WarnContext(ctx, "cannot export traces", "spans", len(spans), "error", err)
			}
			return nil
		},
	)
	return nil
}

// Request begins the span of a request, and returns what ends it. A WebSocket has none: it may be
// open for days, and what is asked for on it begins traces of its own.
func (t *Tracer) Request(r *http.Request) (*http.Request, func(route string, status int)) {
	if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return r, func(string, int) {}
	}
	ctx := t.headers.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := t.tracer.Start(
		ctx,
		r.Method,
		trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(
			attribute.String("http.request.method", r.Method),
			attribute.String("parley.request_id", reqid.FromContext(r.Context())),
		),
	)
	return r.WithContext(ctx), func(route string, status int) {
		span.SetName(r.Method + " " + route)
		span.SetAttributes(
			attribute.String("http.route", route),
			attribute.Int("http.response.status_code", status),
		)
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// longestName is how much of an operation's name is exported, in bytes.
const longestName = 100

// Operation begins the span of an operation, or of what it does for an event, and returns what ends
// it: kind is query, mutation, subscription or event, field the schema's, name the client's, or
// empty; outcome is ok or an error's code.
func (t *Tracer) Operation(
	ctx context.Context,
	kind, field, name string,
) (context.Context, func(outcome string)) {
	ctx, span := t.tracer.Start(ctx, kind+" "+field)
	if !span.IsRecording() {
		return ctx, func(string) {}
	}
	span.SetAttributes(
		attribute.String("graphql.operation.type", kind),
		attribute.String(
			"graphql.operation.name",
			strings.ToValidUTF8(name[:min(len(name), longestName)], ""),
		),
		attribute.String("parley.request_id", reqid.FromContext(ctx)),
	)
	return ctx, func(outcome string) {
		span.SetAttributes(attribute.String("parley.outcome", outcome))
		switch outcome {
		case "INTERNAL", "UNAVAILABLE":
			span.SetStatus(codes.Error, outcome)
		}
		span.End()
	}
}

// Statement begins the span of an SQL statement, if it belongs to a trace, and returns what ends
// it; else nil. The statement has no values in it.
func (t *Tracer) Statement(ctx context.Context, system, query string) func(error) {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return nil
	}
	word, _, _ := strings.Cut(strings.TrimLeft(query, " \t\r\n("), " ")
	_, span := t.tracer.Start(
		ctx,
		word,
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(
			attribute.String("db.system.name", system),
			attribute.String("db.operation.name", word),
			attribute.String("db.query.text", query),
		),
	)
	return func(err error) {
		if err != nil {
			span.RecordError(err)
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Logs has each line that is logged in a trace say which one: trace_id and span_id.
func Logs(next slog.Handler) slog.Handler { return logHandler{next} }

type logHandler struct{ slog.Handler }

// Handle is [slog.Handler]'s.
func (l logHandler) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record = record.Clone()
		record.AddAttrs(
			slog.String("trace_id", span.TraceID().String()),
			slog.String("span_id", span.SpanID().String()),
		)
	}
	return l.Handler.Handle(ctx, record)
}

// WithAttrs is [slog.Handler]'s.
func (l logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{l.Handler.WithAttrs(attrs)}
}

// WithGroup is [slog.Handler]'s.
func (l logHandler) WithGroup(
	name string,
) slog.Handler {
	return logHandler{l.Handler.WithGroup(name)}
}
