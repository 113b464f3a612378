package device

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	good := Options{Broker: "tcp://localhost:1883", ID: testID}
	for name, c := range map[string]struct {
		change func(*Options)
		ok     bool
	}{
		"as they are":            {func(*Options) {}, true},
		"no scheme":              {func(o *Options) { o.Broker = "localhost:1883" }, true},
		"an IPv6 address":        {func(o *Options) { o.Broker = "tcp://[::1]:1883" }, true},
		"TLS with configuration": {func(o *Options) { o.Broker, o.TLS = "tls://localhost:8883", &tls.Config{} }, true},
		"TLS without":            {func(o *Options) { o.Broker = "tls://localhost:8883" }, true},
		"configuration, no TLS":  {func(o *Options) { o.TLS = &tls.Config{} }, false},
		"no broker":              {func(o *Options) { o.Broker = "" }, false},
		"no port":                {func(o *Options) { o.Broker = "localhost" }, false},
		"no host":                {func(o *Options) { o.Broker = ":1883" }, false},
		"another scheme":         {func(o *Options) { o.Broker = "ws://localhost:80" }, false},
		"not a URL":              {func(o *Options) { o.Broker = "tcp://hunter2\x7f:1" }, false},
		"a password in it":       {func(o *Options) { o.Broker = "tcp://u:hunter2@localhost:1883" }, false},
		"no id":                  {func(o *Options) { o.ID = "" }, false},
		"one part":               {func(o *Options) { o.ID = "van-1" }, false},
		"three parts":            {func(o *Options) { o.ID = "a:b:c" }, false},
		"an empty part":          {func(o *Options) { o.ID = "demo:" }, false},
		"a topic separator":      {func(o *Options) { o.ID = "demo:van/1" }, false},
		"a wildcard":             {func(o *Options) { o.ID = "demo:+" }, false},
		"a long part":            {func(o *Options) { o.ID = "demo:" + strings.Repeat("x", 65) }, false},
		"a line feed at the end": {func(o *Options) { o.ID = "demo:van-1\n" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			opts := good
			c.change(&opts)
			_, err := New(opts)
			if c.ok != (err == nil) || (err != nil && !errors.Is(err, ErrOptions)) {
				t.Errorf("New: %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error gives the password away: %v", err)
			}
		})
	}
}
