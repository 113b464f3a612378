package tracker_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

func (f *running) wantPosition(t *testing.T, id tracker.DeliveryID, want tracker.PositionVerdict) *tracker.HandoffRecord {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for {
		d, _ := f.Delivery(id)
		if d.Handoff != nil && d.Handoff.Position == want {
			return d.Handoff
		}
		if time.Now().After(deadline) {
			t.Fatalf("hand-off %+v, want %s", d.Handoff, want)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// recently is a start from which a short drive ends about now, since the time
// of a hand-off must be that.
func recently() time.Time { return time.Now().Add(-20 * time.Minute).Truncate(time.Second).UTC() }

// The engine judges where a parcel was handed over, also when the vehicle's
// positions come later, and after a kill.
func TestHandOffIsJudged(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, stops := plan(t, f)
	if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	d := &driven{t: t, device: "box", at: recently()}
	d.drive(f, 1000)
	d.stand(f, 2*time.Minute)
	done, err := f.HandOff(t.Context(), stops[0].ID, tracker.AnyVersion, tracker.Handoff{Time: d.at.Add(-30 * time.Second), Scanned: []string{"P1", "P2"}})
	if err != nil {
		t.Fatal(err)
	}
	if done.State != delivered || done.Handoff.Position != tracker.PositionPending || fmt.Sprint(done.Handoff.Shown) != "[scan]" {
		t.Errorf("handed off: %+v %+v", done.State, done.Handoff)
	}
	if h := f.wantPosition(t, stops[0].ID, tracker.PositionConfirmed); h.Probability < 0.9 {
		t.Errorf("%+v", h)
	}
	// The parcel of the third stop is handed over at the second.
	d.drive(f, 2000)
	d.stand(f, 90*time.Second)
	if _, err := f.HandOff(t.Context(), stops[2].ID, tracker.AnyVersion, tracker.Handoff{Time: d.at.Add(20 * time.Second)}); err != nil {
		t.Fatal(err)
	}
	f = f.crash(t) // before its place was judged
	d.stand(f, time.Minute)
	f.wantPosition(t, stops[2].ID, tracker.PositionWrong)
	if a := f.wantAlert(t, "drop.wrong_address", tracker.AlertOpen); a.Delivery != stops[2].ID || a.Round != r.ID {
		t.Errorf("alert %+v", a)
	}
	// Nobody stood anywhere for minutes.
	d.drive(f, 3900)
	if _, err := f.HandOff(t.Context(), stops[1].ID, tracker.AnyVersion, tracker.Handoff{Time: d.at}); err != nil {
		t.Fatal(err)
	}
	if h := f.wantPosition(t, stops[1].ID, tracker.PositionUnverifiable); h.Why == "" {
		t.Errorf("%+v", h)
	}
	f.checkLog(t)
}

// A review of late fixes takes the hand-offs again, too, and comes to the same.
func TestHandOffIsReviewed(t *testing.T) {
	f := startWith(t, newFile(t), geofence.Settings{})
	r, stops := plan(t, f)
	if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	d := &driven{t: t, device: "box", at: recently()}
	d.drive(f, 500)
	late := d.at.Add(2 * time.Second)
	d.drive(f, 1000)
	d.stand(f, 2*time.Minute)
	if _, err := f.HandOff(t.Context(), stops[0].ID, tracker.AnyVersion, tracker.Handoff{Time: d.at.Add(-30 * time.Second)}); err != nil {
		t.Fatal(err)
	}
	f.wantPosition(t, stops[0].ID, tracker.PositionConfirmed)
	before := f.LastSeq()
	fix := geofence.Fix{Time: geofence.MillisOf(late), Point: alongRoad(520), AccuracyMeters: 4, Known: geofence.KnownAccuracy}
	if err := f.Accept(t.Context(), tracker.Report{Device: "box", Received: d.at, Key: 1e9, Fixes: []geofence.Fix{fix}}); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(20 * time.Second)
	for f.counted(t, "wayguard_reviews_total", "done") == 0 && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	if n := f.counted(t, "wayguard_reviews_total", "done"); n == 0 {
		t.Fatal("no review was made")
	}
	events, _, err := f.Events(before, 100, tracker.EventFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		t.Errorf("the review told of %s %s %s", e.Type, e.Subject, e.Detail)
	}
}

func TestHandOffsThatAreRefused(t *testing.T) {
	f := start(t, newFile(t))
	o := order()
	o.Order.Proof = []tracker.Proof{tracker.ProofCode, tracker.ProofScan, tracker.ProofSignature}
	made, _, err := f.CreateDeliveries(t.Context(), tracker.Once{}, o)
	if err != nil {
		t.Fatal(err)
	}
	id, ctx := made[0].ID, t.Context()
	code := f.Code(id)
	if len(code) != 6 {
		t.Fatalf("code %q", code)
	}
	hand := func(h tracker.Handoff) error {
		_, err := f.HandOff(ctx, id, tracker.AnyVersion, h)
		return err
	}
	if err := hand(tracker.Handoff{Outcome: tracker.DeliveryFailed, Reason: "nobody"}); err == nil {
		t.Error("handed off what is not under way")
	}
	if _, err := f.MoveDelivery(ctx, id, tracker.AnyVersion, departed, ""); err != nil {
		t.Fatal(err)
	}
	wrong := "000000"
	if code == wrong {
		wrong = "111111"
	}
	all := []string{"P1", "P2"}
	for member, h := range map[string]tracker.Handoff{
		"outcome":   {Outcome: created},
		"time":      {Time: time.Now().Add(time.Hour)},
		"parcels":   {Scanned: []string{"other"}},
		"code":      {Scanned: all, Signature: "x"},
		"scan":      {Code: code, Scanned: all[:1], Signature: "x"},
		"signature": {Code: code, Scanned: all},
		"reason":    {Outcome: tracker.DeliveryRefused},
	} {
		var m *tracker.MemberError
		if err := hand(h); !errors.As(err, &m) || m.Member != member {
			t.Errorf("%s: %v", member, err)
		}
	}
	for range 5 {
		if err := hand(tracker.Handoff{Code: wrong, Scanned: all, Signature: "x"}); !errors.Is(err, tracker.ErrWrongCode) {
			t.Errorf("wrong code: %v", err)
		}
	}
	f = f.crash(t) // the tries count on
	for _, c := range []string{wrong, code} {
		if err := hand(tracker.Handoff{Code: c, Scanned: all, Signature: "x"}); !errors.Is(err, tracker.ErrTooManyTries) {
			t.Errorf("the sixth try: %v", err)
		}
	}
	again, err := f.NewCode(ctx, id, tracker.AnyVersion)
	if err != nil || again == code {
		t.Fatalf("new code %q, %v", again, err)
	}
	if err := hand(tracker.Handoff{Code: again, Scanned: all, Signature: "x"}); err != nil {
		t.Error(err)
	}
	if d, _ := f.Delivery(id); d.State != delivered || len(d.Handoff.Missing) != 0 || len(d.Handoff.Shown) != 3 {
		t.Errorf("%+v", d.Course)
	}
}
