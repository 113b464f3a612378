package broker

import (
	"context"
	"log/slog"
)

// quieted lets mochi log into another handler. mochi warns of whatever a
// client does wrong and attaches whole packets; its warnings become debug
// messages, its errors warnings, the rest is dropped, and nothing that holds a
// payload or a password is passed on.
type quieted struct{ next slog.Handler }

func (q quieted) level(l slog.Level) slog.Level {
	if l >= slog.LevelError {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}

func (q quieted) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.next.Enabled(ctx, q.level(l))
}

func (q quieted) Handle(ctx context.Context, r slog.Record) error {
	quiet := slog.NewRecord(r.Time, q.level(r.Level), "mqtt: "+r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		if harmless(a) {
			quiet.AddAttrs(a)
		}
		return true
	})
	return q.next.Handle(ctx, quiet)
}

func (q quieted) WithAttrs(attrs []slog.Attr) slog.Handler {
	var kept []slog.Attr
	for _, a := range attrs {
		if harmless(a) {
			kept = append(kept, a)
		}
	}
	return quieted{q.next.WithAttrs(kept)}
}

func (q quieted) WithGroup(name string) slog.Handler { return quieted{q.next.WithGroup(name)} }

// harmless names what is known to hold no packet; mochi's others do.
func harmless(a slog.Attr) bool {
	switch a.Key {
	case "error", "client", "remote", "hook", "keepalive":
		return true
	}
	return false
}
