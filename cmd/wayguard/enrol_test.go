package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
)

// enrolments are codes for one device each, and the secrets that were answered.
type enrolments struct {
	codes   map[string]string // by device
	mu      sync.Mutex
	secrets map[string]string
}

// use enrols all devices at once, until the server is gone.
func (e *enrolments) use(p *process) {
	var wg sync.WaitGroup
	for id, code := range e.codes {
		wg.Go(func() {
			resp, err := http.Post("http://"+p.http+"/api/v1/enrol", "application/json", bytes.NewReader(fmt.Appendf(nil, `{"code":%q}`, code)))
			if err != nil {
				return
			}
			defer resp.Body.Close()
			var made struct{ Secret string }
			if resp.StatusCode != http.StatusCreated || json.NewDecoder(resp.Body).Decode(&made) != nil {
				return
			}
			e.mu.Lock()
			defer e.mu.Unlock()
			e.secrets[id] = made.Secret
		})
	}
	wg.Wait()
}

// TestKillWhileEnrolling kills the server among enrolments: a code is used up
// just when its device is there, and a secret that was answered works.
func TestKillWhileEnrolling(t *testing.T) {
	p := startServe(t, t.TempDir())
	const rounds, devices = 4, 24
	enrolled := 0
	for round := range rounds {
		e := &enrolments{codes: make(map[string]string), secrets: make(map[string]string)}
		for i := range devices {
			id := fmt.Sprintf("van-%d-%d", round, i)
			var made struct{ Code string }
			p.call(t, http.MethodPost, "/api/v1/enrol-codes", map[string]string{"device": id}, http.StatusCreated, &made)
			e.codes[id] = made.Code
		}
		done := make(chan struct{})
		go func() { defer close(done); e.use(p) }()
		e.await(t, 1+rand.N(devices/2))
		p.kill()
		<-done
		p.again(t)
		enrolled += e.check(t, p)
	}
	t.Logf("%d of %d enrolments came before the kills", enrolled, rounds*devices)
}

// await waits until so many secrets were answered.
func (e *enrolments) await(t *testing.T, n int) {
	t.Helper()
	eventually(t, "some devices are enrolled", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return len(e.secrets) >= n
	})
}

// check returns how many devices are enrolled.
func (e *enrolments) check(t *testing.T, p *process) (enrolled int) {
	t.Helper()
	var codes struct{ Codes []struct{ Device string } }
	p.call(t, http.MethodGet, "/api/v1/enrol-codes", nil, http.StatusOK, &codes)
	open := make(map[string]bool)
	for _, c := range codes.Codes {
		open[c.Device] = true
	}
	for id := range e.codes {
		status, _ := p.send(t, http.MethodGet, "/api/v1/devices/"+id, nil)
		there := status == http.StatusOK
		if there == open[id] {
			t.Errorf("%s is there: %v, its code is open: %v", id, there, open[id])
		}
		if there {
			enrolled++
		}
		if secret, ok := e.secrets[id]; ok {
			if _, err := connectAs(t, p, id, secret); err != nil {
				t.Errorf("%s was answered a secret that does not work: %v", id, err)
			}
		}
	}
	return enrolled
}
