package tracker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/paulmach/orb"

	"wayguard/tracker"
)

// The names here are those of no person: they only have to be found again, or
// not, in a file.
const (
	secretName    = "Quillfeather Nobody"
	secretAddress = "77 Nowhere Crescent"
	secretNote    = "the bell is behind the blue door"
)

func order() tracker.NewDelivery {
	return tracker.NewDelivery{
		Contact: tracker.Contact{Name: secretName, Phone: "+49 (151) 1234-5678", Email: "nobody@example.com", Consent: tracker.DefaultConsent},
		Order: tracker.Order{
			Destination: tracker.Destination{Address: secretAddress, Point: orb.Point{11.5761234, 48.1371234}, Instructions: secretNote},
			Terms:       tracker.Terms{Reference: "A-1", Parcels: []string{"P1", "P2"}},
		},
	}
}

func deliver(t *testing.T, f *running) tracker.Delivery {
	t.Helper()
	made, _, err := f.CreateDeliveries(t.Context(), tracker.Once{}, order())
	if err != nil {
		t.Fatal(err)
	}
	return made[0]
}

func TestDeliveriesAreKept(t *testing.T) {
	f := start(t, newFile(t))
	d := deliver(t, f)
	if d.State != tracker.DeliveryCreated || d.Version != 1 {
		t.Errorf("made as %+v", d)
	}
	d, err := f.MoveDelivery(t.Context(), d.ID, d.Version, tracker.DeliveryDeparted, "")
	if err != nil {
		t.Fatal(err)
	}
	again := f.crash(t)
	for _, fleet := range []*running{f, again} {
		kept, ok := fleet.Delivery(d.ID)
		if !ok || !reflect.DeepEqual(kept, d) {
			t.Errorf("kept %+v\nwant %+v", kept, d)
		}
		c, ok := fleet.Customer(d.Customer)
		if !ok || c.Name != secretName || c.Phone != "+4915112345678" {
			t.Errorf("customer %+v", c)
		}
		if got := typesOf(t, fleet, string(d.ID)); !reflect.DeepEqual(got, []string{"delivery.created", "delivery.departed"}) {
			t.Errorf("events %v", got)
		}
	}
}

func typesOf(t *testing.T, f *running, subject string) (types []string) {
	t.Helper()
	events, _, err := f.Events(0, 100, tracker.EventFilter{Subject: subject})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Point == nil || e.Point[0] != 11.5761234 {
			t.Errorf("%s is at %v", e.Type, e.Point)
		}
		types = append(types, e.Type)
	}
	return types
}

// Nothing personal may stand in the store's file in plain, not even for a
// moment, since freed pages keep it.
func TestNothingPersonalInPlain(t *testing.T) {
	f := start(t, newFile(t))
	d := deliver(t, f)
	_, err := f.ChangeOrder(t.Context(), d.ID, d.Version, func(o *tracker.Order) error {
		o.Instructions += ", at the back"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f.stop()
	f.wantNowhere(t, secretName, secretAddress, secretNote, "15112345678", "nobody@example.com", "48.1371234")
}

// wantNowhere looks for texts in all files of the fleet.
func (f *running) wantNowhere(t *testing.T, texts ...string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(f.path), "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if file == f.path && !bytes.Contains(data, []byte("delivery.created")) {
			t.Errorf("%s does not even hold a delivery", file)
		}
		for _, text := range texts {
			if bytes.Contains(data, []byte(text)) {
				t.Errorf("%s holds %q", filepath.Base(file), text)
			}
		}
	}
}

func TestErasure(t *testing.T) {
	f := start(t, newFile(t))
	d := deliver(t, f)
	var open *tracker.OpenError
	if err := f.EraseCustomer(t.Context(), d.Customer, tracker.AnyVersion); !errors.As(err, &open) || open.Deliveries[0] != d.ID {
		t.Fatalf("erased with an open delivery: %v", err)
	}
	if _, err := f.MoveDelivery(t.Context(), d.ID, tracker.AnyVersion, tracker.DeliveryCancelled, "not wanted"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // once more completes what a kill may have interrupted
		if err := f.EraseCustomer(t.Context(), d.Customer, tracker.AnyVersion); err != nil {
			t.Fatal(err)
		}
	}
	for _, fleet := range []*running{f, f.crash(t)} {
		c, _ := fleet.Customer(d.Customer)
		left, _ := fleet.Delivery(d.ID)
		if !c.Erased || c.Contact != (tracker.Contact{}) || !left.Erased || !reflect.DeepEqual(left.Destination, tracker.Destination{}) {
			t.Errorf("left: %+v, %+v", c, left)
		}
		if left.State != tracker.DeliveryCancelled || left.Reference != "A-1" {
			t.Errorf("lost: %+v", left)
		}
		events, _, err := fleet.Events(0, 100, tracker.EventFilter{Subject: string(d.ID)})
		if err != nil || len(events) != 2 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		for _, e := range events {
			if e.Point != nil || string(e.Detail) != `{"erased":true}` {
				t.Errorf("%s still tells %v %s", e.Type, e.Point, e.Detail)
			}
		}
		if _, err := fleet.ChangeCustomer(t.Context(), d.Customer, tracker.AnyVersion, func(c *tracker.Contact) error { c.Name = "X"; return nil }); !errors.Is(err, tracker.ErrErased) {
			t.Errorf("changed after the erasure: %v", err)
		}
	}
}

func TestStaleAndIllegalChanges(t *testing.T) {
	f := start(t, newFile(t))
	d := deliver(t, f)
	seq := f.LastSeq()
	var illegal *tracker.TransitionError
	if _, err := f.MoveDelivery(t.Context(), d.ID, d.Version, tracker.DeliveryDelivered, ""); !errors.As(err, &illegal) || illegal.From != tracker.DeliveryCreated {
		t.Errorf("illegal: %v", err)
	}
	if _, err := f.MoveDelivery(t.Context(), d.ID, d.Version+1, tracker.DeliveryDeparted, ""); !errors.Is(err, tracker.ErrStale) {
		t.Errorf("stale: %v", err)
	}
	if _, err := f.MoveDelivery(t.Context(), "none", 0, tracker.DeliveryDeparted, ""); !errors.Is(err, tracker.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	for name, spoil := range map[string]func(*tracker.NewDelivery){
		"address":            func(o *tracker.NewDelivery) { o.Order.Address = " " },
		"point":              func(o *tracker.NewDelivery) { o.Order.Point = orb.Point{181, 0} },
		"parcels":            func(o *tracker.NewDelivery) { o.Order.Parcels = []string{"P1", "P1"} },
		"proof":              func(o *tracker.NewDelivery) { o.Order.Proof = []tracker.Proof{"stamp"} },
		"customer.phone":     func(o *tracker.NewDelivery) { o.Contact.Phone = "0151 1234" },
		"customer.email":     func(o *tracker.NewDelivery) { o.Contact.Email = "Nobody <nobody@example.com>" },
		"customer.language":  func(o *tracker.NewDelivery) { o.Contact.Language = "klingon language" },
		"customer.name":      func(o *tracker.NewDelivery) { o.Contact.Name = "a\r\nBcc: b" },
		"geocode_accuracy_m": func(o *tracker.NewDelivery) { o.Order.GeocodeAccuracyMeters = -1 },
	} {
		o := order()
		spoil(&o)
		var member *tracker.MemberError
		var which *tracker.OrderError
		_, _, err := f.CreateDeliveries(t.Context(), tracker.Once{}, order(), o)
		if !errors.As(err, &member) || member.Member != name || !errors.Is(err, tracker.ErrBadInput) || !errors.As(err, &which) || which.Index != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f.LastSeq() != seq || len(f.Deliveries(tracker.DeliveryFilter{}, "", 10)) != 1 {
		t.Error("a refused change changed something")
	}
}

// Many change the same delivery at once: each change builds on the one before.
func TestChangesOfOneDeliveryFollowEachOther(t *testing.T) {
	f := start(t, newFile(t))
	d := deliver(t, f)
	const changes = 20
	errs := make(chan error, changes)
	for range changes {
		go func() {
			_, err := f.ChangeOrder(context.Background(), d.ID, tracker.AnyVersion, func(o *tracker.Order) error {
				o.Instructions += "."
				return nil
			})
			errs <- err
		}()
	}
	for range changes {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	last, _ := f.Delivery(d.ID)
	if last.Version != changes+1 || len(last.Instructions) != len(secretNote)+changes {
		t.Errorf("version %d, instructions %q", last.Version, last.Instructions)
	}
	events, _, err := f.Events(0, 100, tracker.EventFilter{Subject: string(d.ID)})
	if err != nil || len(events) != changes+1 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	ids := make(map[string]bool)
	for _, e := range events {
		if ids[e.ID] {
			t.Errorf("two events have the id %s", e.ID)
		}
		ids[e.ID] = true
		if !json.Valid(e.Detail) {
			t.Errorf("detail %s", e.Detail)
		}
	}
}

func TestPagesOfDeliveries(t *testing.T) {
	f := start(t, newFile(t))
	var ids []tracker.DeliveryID
	for range 7 {
		ids = append(ids, deliver(t, f).ID)
	}
	var seen []tracker.DeliveryID
	before := tracker.DeliveryID("")
	for {
		page := f.Deliveries(tracker.DeliveryFilter{Reference: "A-1", States: []tracker.DeliveryState{tracker.DeliveryCreated}}, before, 3)
		for _, d := range page {
			seen = append(seen, d.ID)
		}
		if len(page) < 3 {
			break
		}
		before = page[len(page)-1].ID
	}
	if len(seen) != len(ids) {
		t.Fatalf("%d of %d seen", len(seen), len(ids))
	}
	for i := range ids {
		if seen[i] != ids[len(ids)-1-i] {
			t.Errorf("place %d: %s", i, seen[i])
		}
	}
}

// A request that is sent again, at once or after a kill, is done once.
func TestCreatedOnce(t *testing.T) {
	f := start(t, newFile(t))
	once := tracker.Once{Key: "k", Print: [32]byte{1}}
	var ids []tracker.DeliveryID
	create := func(f *running) error {
		made, _, err := f.CreateDeliveries(t.Context(), once, order(), order())
		for _, d := range made {
			ids = append(ids, d.ID)
		}
		return err
	}
	errs := make(chan error, 3)
	go func() { // beside the other
		_, _, err := f.CreateDeliveries(context.Background(), once, order(), order())
		errs <- err
	}()
	errs <- create(f)
	errs <- create(f.crash(t))
	for range 3 {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if len(ids) != 4 || ids[0] != ids[2] || ids[1] != ids[3] || ids[0] == ids[1] {
		t.Errorf("made %v", ids)
	}
	if n := len(f.Deliveries(tracker.DeliveryFilter{}, "", 10)); n != 2 {
		t.Errorf("%d deliveries", n)
	}
	once.Print = [32]byte{2}
	if err := create(f); !errors.Is(err, tracker.ErrReused) {
		t.Errorf("another request under the same key: %v", err)
	}
}
