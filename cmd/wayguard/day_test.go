package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"wayguard/firmware-protocol/device"
)

// TestDay drives a day of deliveries through the API and MQTT, and compares all
// that the server says of it with what must happen; then the same day with a
// server that is killed and started again all the while: the same must come of
// it, and nothing twice. Codes at the door, silence and hazards are part of
// TestDemoDay, since the past knows none of them.
func TestDay(t *testing.T) {
	trouble(t)
	t.Parallel()
	begun := time.Now().Add(-4 * time.Hour).Truncate(time.Second)
	const vans, kills = 3, 10
	scripts := newDayScripts(vans, begun)
	quiet := playDay(t, scripts, 0, 0)
	for _, s := range scripts {
		quiet.check(t, s)
	}
	for seed := range times(1, 10) {
		killed := playDay(t, scripts, uint64(seed), kills)
		if missing := missingFrom(quiet.lines, killed.lines); len(missing) > 0 {
			t.Errorf("seed %d: with kills these are missing: %q", seed, missing)
		}
		if added := missingFrom(killed.lines, quiet.lines); len(added) > 0 {
			t.Errorf("seed %d: with kills there are too many: %q", seed, added)
		}
	}
}

func missingFrom(want, got []string) (missing []string) {
	left := slices.Clone(got)
	for _, line := range want {
		if i := slices.Index(left, line); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else {
			missing = append(missing, line)
		}
	}
	return missing
}

// dayOutcome is what a server said of a day in the end.
type dayOutcome struct {
	vans []*dayVan
	// lines are events, alerts and states, without what is another each time: ids,
	// and the times of what people did, who did it now.
	lines []string
}

// playDay has a new server see the day. It is killed so many times meanwhile.
func playDay(t *testing.T, scripts []*dayScript, seed uint64, kills int) dayOutcome {
	t.Helper()
	began := time.Now()
	p := startServe(t, t.TempDir())
	o := dayOutcome{}
	for _, s := range scripts {
		o.vans = append(o.vans, p.order(t, s))
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	failures := make([]error, len(o.vans))
	var playing sync.WaitGroup
	for i, v := range o.vans {
		boot := filepath.Join(t.TempDir(), "boot")
		playing.Go(func() { failures[i] = v.play(ctx, p, boot) })
	}
	played := make(chan struct{})
	go func() { playing.Wait(); close(played) }()
	p.killDuring(t, o.vans[0], played, seed, kills)
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nothing follows any more", func() bool {
		before := len(p.events(t))
		time.Sleep(500 * time.Millisecond)
		return len(p.events(t)) == before
	})
	o.read(t, p)
	t.Logf("%d kills: %d lines in %v", kills, len(o.lines), time.Since(began).Round(time.Second))
	p.kill()
	return o
}

// killDuring kills the server and starts it again, so many times, at moments
// spread over the day of a van that nobody chose, and waits for the end of it.
func (p *process) killDuring(t *testing.T, v *dayVan, played <-chan struct{}, seed uint64, kills int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 17))
	moments := make([]int64, kills)
	for i := range moments {
		moments[i] = rng.Int64N(int64(len(v.steps) - 1))
	}
	slices.Sort(moments)
	for _, moment := range moments {
		for over := false; !over && v.done.Load() < moment; {
			select {
			case <-played:
				over = true // with a failure
			case <-time.After(time.Millisecond):
			}
		}
		time.Sleep(time.Duration(rng.IntN(20)) * time.Millisecond)
		p.kill()
		p.again(t)
	}
	<-played
}

// play lets the van do what is written, one thing after the other, as soon as
// the server has the one before.
func (v *dayVan) play(ctx context.Context, p *process, boot string) error {
	radio, err := device.New(device.Options{
		Broker: "tcp://" + p.mqtt, ID: string(v.id), Secret: v.secret, BootFile: boot,
		RetryMax: 100 * time.Millisecond, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	radioCtx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- radio.Run(radioCtx) }()
	err = v.follow(ctx, p, radio)
	stop()
	return errors.Join(err, <-ended)
}

func (v *dayVan) follow(ctx context.Context, p *process, radio *device.Device) error {
	var handed []demoDoor
	for _, step := range v.steps {
		if step.starts {
			if err := p.insist(ctx, "/api/v1/rounds/"+v.round+"/start", nil, "/api/v1/rounds/"+v.round, "running"); err != nil {
				return err
			}
		}
		for _, x := range step.fixes {
			if err := radio.Send(ctx, x.report(v.begun)); err != nil {
				return err
			}
		}
		if err := radio.Flush(ctx); err != nil {
			return err
		}
		if err := v.awaitVerdicts(ctx, p, handed); err != nil {
			return err
		}
		for _, door := range step.doors {
			if err := v.handOver(ctx, p, door); err != nil {
				return err
			}
		}
		handed = step.doors
		v.done.Add(1)
		if step.ends {
			return p.insist(ctx, "/api/v1/rounds/"+v.round+"/end", nil, "/api/v1/rounds/"+v.round, "ended")
		}
	}
	return nil
}

func (v *dayVan) delivery(door demoDoor) string { return "/api/v1/deliveries/" + v.orders[door.stop] }

func (v *dayVan) handOver(ctx context.Context, p *process, door demoDoor) error {
	path := v.delivery(door)
	return p.insist(ctx, path+"/handoff", map[string]any{
		"time": v.begun.Add(door.at), "parcels": []string{demoBarcode(v.dayScript.round.van, door.stop)},
	}, path, "delivered")
}

// awaitVerdicts returns once the places of hand-offs are judged: the van, which
// has told of its next ten seconds, would be far away by then.
func (v *dayVan) awaitVerdicts(ctx context.Context, p *process, doors []demoDoor) error {
	for _, door := range doors {
		for judged := false; !judged; {
			var d struct{ Handoff struct{ Position string } }
			status, err := p.try(ctx, http.MethodGet, v.delivery(door), nil, &d)
			judged = err == nil && status == http.StatusOK && d.Handoff.Position != "pending"
			if ctx.Err() != nil {
				return ctx.Err()
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

// insist posts until what is at a path is in a state. Whoever gets no answer
// cannot know whether it was done, and looks.
func (p *process) insist(ctx context.Context, path string, body any, at, state string) error {
	for ctx.Err() == nil {
		var is struct{ State string }
		status, err := p.try(ctx, http.MethodPost, path, body, nil)
		if err == nil && status < 300 {
			return nil
		}
		if _, err := p.try(ctx, http.MethodGet, at, nil, &is); err == nil && is.State == state {
			return nil
		}
		if err == nil && status < 500 {
			return fmt.Errorf("POST %s: status %d while it is %s", path, status, is.State)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return ctx.Err()
}

// try is a request that may fail.
func (p *process) try(ctx context.Context, method, path string, body, out any) (status int, err error) {
	var text []byte
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return 0, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+p.http+path, bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+testToken)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && out != nil && resp.StatusCode == http.StatusOK {
		err = json.Unmarshal(answer, out)
	}
	return resp.StatusCode, err
}
