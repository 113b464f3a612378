package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// patient is a client that sends a request until it is answered, with the same
// Idempotency-Key.
type patient struct {
	base             string
	key              string
	requests, resent int
}

// post returns the answer, or an error for one that is no success.
func (c *patient) post(ctx context.Context, path, body string) (id string, err error) {
	c.requests++
	for tries := 0; ; tries++ {
		status, answer, err := c.try(ctx, path, body)
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case err != nil, status == http.StatusServiceUnavailable, status == http.StatusConflict && strings.Contains(string(answer), "under way"):
			c.resent++
			time.Sleep(20 * time.Millisecond)
			continue
		case status >= 300:
			return "", fmt.Errorf("POST %s, try %d: %d %s", path, tries+1, status, answer)
		}
		var made struct{ ID string }
		return made.ID, json.Unmarshal(answer, &made)
	}
}

func (c *patient) try(ctx context.Context, path, body string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+testToken)
	req.Header.Set("Idempotency-Key", fmt.Sprintf("%s-%d", c.key, c.requests))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// rounds makes rounds, sends its vehicle on them and ends them until it is told
// to stop; it returns how many.
func (c *patient) rounds(ctx context.Context, vehicle string, stop <-chan struct{}) (made int, err error) {
	for {
		select {
		case <-stop:
			return made, nil
		default:
		}
		id, err := c.post(ctx, "/api/v1/rounds", fmt.Sprintf(`{"name":"%s-%d","vehicle":%q}`, vehicle, made, vehicle))
		if err != nil {
			return made, err
		}
		for _, move := range []string{"start", "end"} {
			if _, err := c.post(ctx, "/api/v1/rounds/"+id+"/"+move, ""); err != nil {
				return made, err
			}
		}
		made++
	}
}

// A client that was not answered, since the server was killed, sends the same
// again, and everything has happened once.
func TestKillWhileRequestsAreDoneOnce(t *testing.T) {
	trouble(t)
	const clients, seed = 16, 5
	rng := rand.New(rand.NewPCG(seed, seed))
	p := startServe(t, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	all := make([]*patient, clients)
	made := make([]int, clients)
	stop := make(chan struct{})
	var working sync.WaitGroup
	for i := range all {
		vehicle := fmt.Sprintf("van-%d", i)
		p.call(t, http.MethodPost, "/api/v1/vehicles", map[string]string{"id": vehicle}, http.StatusCreated, nil)
		all[i] = &patient{base: "http://" + p.http, key: vehicle}
		working.Go(func() {
			var err error
			if made[i], err = all[i].rounds(ctx, vehicle, stop); err != nil {
				t.Error(err)
			}
		})
	}
	for range times(10, 60) {
		time.Sleep(time.Duration(50+rng.IntN(200)) * time.Millisecond)
		p.kill()
		p.again(t)
	}
	close(stop)
	working.Wait()
	p.wantRoundsOnce(t, all, made)
}

func (p *process) wantRoundsOnce(t *testing.T, all []*patient, made []int) {
	t.Helper()
	found, before := make(map[string]int), ""
	for {
		var page struct {
			Rounds []struct{ Name, State string }
			Next   string
		}
		p.call(t, http.MethodGet, "/api/v1/rounds?limit=1000&before="+before, nil, http.StatusOK, &page)
		for _, r := range page.Rounds {
			if found[r.Name]++; found[r.Name] > 1 || r.State != "ended" {
				t.Errorf("round %s: number %d, %s", r.Name, found[r.Name], r.State)
			}
		}
		if before = page.Next; before == "" {
			break
		}
	}
	wanted, resent := 0, 0
	for i, c := range all {
		wanted, resent = wanted+made[i], resent+c.resent
	}
	t.Logf("%d rounds made, started and ended once; %d requests were sent again", wanted, resent)
	if len(found) != wanted || wanted == 0 || resent == 0 {
		t.Errorf("%d rounds, want %d", len(found), wanted)
	}
}
