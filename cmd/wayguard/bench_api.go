package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// benchAPI is what a measurement asks of the server.
type benchAPI struct {
	base   *url.URL
	token  string
	client *http.Client
}

func newBenchAPI(base *url.URL, token string) *benchAPI {
	const answerWithin = 30 * time.Second
	return &benchAPI{base, token, &http.Client{
		Timeout:   answerWithin,
		Transport: &http.Transport{MaxIdleConnsPerHost: connectAtOnce, Proxy: http.ProxyFromEnvironment},
	}}
}

// createDevice registers a device and returns its secret.
func (a *benchAPI) createDevice(ctx context.Context, id string) (secret string, err error) {
	body, err := json.Marshal(map[string]string{"id": id, "name": "load"})
	if err != nil {
		return "", err
	}
	answer, err := a.call(ctx, http.MethodPost, "/api/v1/devices", body, http.StatusCreated)
	if err != nil {
		return "", err
	}
	var made struct{ Secret string }
	if err := json.Unmarshal(answer, &made); err != nil || made.Secret == "" {
		return "", fmt.Errorf("--api: the answer to a new device holds no secret")
	}
	return made.Secret, nil
}

func (a *benchAPI) deleteDevice(ctx context.Context, id string) error {
	_, err := a.call(ctx, http.MethodDelete, "/api/v1/devices/"+url.PathEscape(id), nil, http.StatusNoContent)
	return err
}

// call sends a request and returns the answer, which must have the status want.
// It comes back when the server asks it to.
func (a *benchAPI) call(ctx context.Context, method, path string, body []byte, want int) ([]byte, error) {
	for {
		status, header, answer, err := a.send(ctx, method, path, body)
		if err != nil {
			return nil, fmt.Errorf("--api: %w", err)
		}
		wait, known := time.ParseDuration(header.Get("Retry-After") + "s")
		if again := status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable; again && known == nil {
			if err := pause(ctx, wait); err != nil {
				return nil, err
			}
			continue
		}
		if status != want {
			return nil, fmt.Errorf("--api: %s %s: %s", method, path, problemOf(status, answer))
		}
		return answer, nil
	}
}

func (a *benchAPI) send(ctx context.Context, method, path string, body []byte) (int, http.Header, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.base.JoinPath(path).String(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	req.Header = a.header()
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, answer, errors.Join(err, resp.Body.Close())
}

func (a *benchAPI) header() http.Header {
	return http.Header{"Authorization": {"Bearer " + a.token}}
}

// problemOf is what an answer says is wrong.
func problemOf(status int, answer []byte) string {
	var problem struct{ Detail string }
	if status == http.StatusUnauthorized {
		return "the server does not know this token; set " + adminTokenVariable + " to the one it was started with"
	}
	if json.Unmarshal(answer, &problem) == nil && problem.Detail != "" {
		return problem.Detail
	}
	return "status " + strconv.Itoa(status)
}

// benchCounters are figures of the server's /metrics.
type benchCounters struct {
	stored, duplicate, quarantined float64
	memory                         float64 // resident, in bytes
	processor                      float64 // used, in seconds
}

func (a *benchAPI) counters(ctx context.Context) (c benchCounters, err error) {
	text, err := a.call(ctx, http.MethodGet, "/metrics", nil, http.StatusOK)
	if err != nil {
		return benchCounters{}, err
	}
	series := map[string]*float64{
		`wayguard_reports_total{outcome="stored"}`:             &c.stored,
		`wayguard_reports_total{outcome="duplicate"}`:          &c.duplicate,
		`wayguard_mqtt_publishes_total{outcome="quarantined"}`: &c.quarantined,
		`process_resident_memory_bytes`:                        &c.memory,
		`process_cpu_seconds_total`:                            &c.processor,
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if into := series[name]; into != nil {
			if *into, err = strconv.ParseFloat(value, 64); err != nil {
				return benchCounters{}, fmt.Errorf("--api: /metrics: %s: %w", name, err)
			}
		}
	}
	return c, lines.Err()
}
