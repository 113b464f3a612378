package tracker_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"wayguard/geofence"
	"wayguard/tracker"
)

const secretPlace = "behind the Quittenbaum shed"

func day(days int) string { return time.Now().AddDate(0, 0, days).UTC().Format(time.DateOnly) }

func (f *running) wish(t *testing.T, id tracker.DeliveryID, kind tracker.WishKind, what tracker.Wished) tracker.Wish {
	t.Helper()
	w, err := f.MakeWish(t.Context(), id, tracker.NewWish{Kind: kind, Wished: what})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// standing are the alerts that are not resolved, once all events were heeded.
func (f *running) standing(t *testing.T) []tracker.Alert {
	t.Helper()
	synctest.Wait()
	return f.Alerts([]tracker.AlertState{tracker.AlertOpen, tracker.AlertAcknowledged}, 0, 10)
}

// inDay runs a test in a bubble that begins at noon.
func inDay(t *testing.T, test func(t *testing.T, f *running)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(noon))
		test(t, startWith(t, newFile(t), geofence.Settings{}))
	})
}

func TestWishesOpenOneAlert(t *testing.T) {
	inDay(t, func(t *testing.T, f *running) {
		d := deliver(t, f)
		first := f.wish(t, d.ID, tracker.WishPlace, tracker.Wished{Text: " " + secretPlace + "\n"})
		if again := f.wish(t, d.ID, tracker.WishPlace, tracker.Wished{Text: secretPlace}); again.ID != first.ID || again.Version != 1 {
			t.Errorf("the same wish made %+v of %+v", again, first)
		}
		alerts := f.standing(t)
		if len(alerts) != 1 || alerts[0].Delivery != d.ID || alerts[0].Type != "delivery.changed" {
			t.Fatalf("alerts %+v", alerts)
		}
		second := f.wish(t, d.ID, tracker.WishDay, tracker.Wished{Day: day(1), Text: "after six"})
		wishes := f.Wishes(d.ID)
		if len(wishes) != 2 || wishes[0].ID != second.ID || wishes[1].State != tracker.WishReplaced {
			t.Errorf("wishes %+v", wishes)
		}
		if after := f.standing(t); len(after) != 1 || after[0].ID == alerts[0].ID {
			t.Errorf("alerts %+v", after)
		}
		w, err := f.SettleWish(t.Context(), d.ID, second.ID, second.Version, false, "admin", "no van goes there")
		if err != nil || w.State != tracker.WishDeclined || w.Answer != "no van goes there" || w.By != "admin" {
			t.Errorf("%+v, %v", w, err)
		}
		if left := f.standing(t); len(left) != 0 {
			t.Errorf("alerts %+v", left)
		}
		if _, err := f.SettleWish(t.Context(), d.ID, second.ID, tracker.AnyVersion, true, "admin", ""); !errors.Is(err, tracker.ErrSettled) {
			t.Errorf("a declined wish was accepted: %v", err)
		}
	})
}

func TestWishesThatAreGranted(t *testing.T) {
	inDay(t, func(t *testing.T, f *running) {
		r, stops := plan(t, f)
		settle := func(i int, w tracker.Wish) error {
			_, err := f.SettleWish(t.Context(), stops[i].ID, w.ID, tracker.AnyVersion, true, "admin", "")
			return err
		}
		if _, err := f.ChangeOrder(t.Context(), stops[0].ID, tracker.AnyVersion, func(o *tracker.Order) error {
			o.WindowStart, o.WindowEnd = noon, noon.Add(2*time.Hour)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if err := settle(0, f.wish(t, stops[0].ID, tracker.WishDay, tracker.Wished{Day: day(2)})); err != nil {
			t.Fatal(err)
		}
		d, _ := f.Delivery(stops[0].ID)
		now, _ := f.Round(r.ID)
		if d.Round != "" || len(now.Stops) != 2 || !d.WindowStart.Equal(noon.AddDate(0, 0, 2)) || !d.WindowEnd.Equal(noon.AddDate(0, 0, 2).Add(2*time.Hour)) {
			t.Errorf("put off: %+v, round %+v", d, now)
		}
		late := f.wish(t, stops[1].ID, tracker.WishDay, tracker.Wished{Day: day(3)})
		if _, err := f.StartRound(t.Context(), r.ID, tracker.AnyVersion); err != nil {
			t.Fatal(err)
		}
		if err := settle(1, late); !errors.Is(err, tracker.ErrBadInput) {
			t.Errorf("another day for what is aboard: %v", err)
		}
		if err := settle(1, f.wish(t, stops[1].ID, tracker.WishNeighbour, tracker.Wished{Text: "number 7"})); err != nil {
			t.Fatal(err)
		}
		if d, _ := f.Delivery(stops[1].ID); d.Instructions != secretNote+"\nCustomer's wish: number 7" || d.State != departed {
			t.Errorf("at the neighbour's: %+v", d)
		}
		if err := settle(2, f.wish(t, stops[2].ID, tracker.WishNotMine, tracker.Wished{})); err != nil {
			t.Fatal(err)
		}
		f.wantStates(t, stops, created, departed, cancelled)
	})
}

func TestWishesThatCannotBe(t *testing.T) {
	inDay(t, func(t *testing.T, f *running) {
		d := deliver(t, f)
		for member, n := range map[string]tracker.NewWish{
			"kind": {Kind: "gold"},
			"text": {Kind: tracker.WishPlace, Wished: tracker.Wished{Text: " "}},
			"day":  {Kind: tracker.WishDay, Wished: tracker.Wished{Day: day(0)}},
		} {
			f.wantNoWish(t, d.ID, member, n)
		}
		for _, wrong := range []string{"", "tomorrow", "2026-02-30", day(tracker.WishDays + 1), day(-1)} {
			f.wantNoWish(t, d.ID, "day", tracker.NewWish{Kind: tracker.WishDay, Wished: tracker.Wished{Day: wrong}})
		}
		f.wantNoWish(t, d.ID, "text", tracker.NewWish{Kind: tracker.WishNotMine, Wished: tracker.Wished{Text: string(bytes.Repeat([]byte("x"), 301))}})
		for i := range 10 {
			f.wish(t, d.ID, tracker.WishDay, tracker.Wished{Day: day(1 + i)})
		}
		f.wantNoWish(t, d.ID, "kind", tracker.NewWish{Kind: tracker.WishNotMine})
		if _, err := f.MoveDelivery(t.Context(), d.ID, tracker.AnyVersion, cancelled, ""); err != nil {
			t.Fatal(err)
		}
		f.wantNoWish(t, d.ID, "kind", tracker.NewWish{Kind: tracker.WishNotMine})
	})
}

func (f *running) wantNoWish(t *testing.T, id tracker.DeliveryID, member string, n tracker.NewWish) {
	t.Helper()
	before := len(f.Wishes(id))
	_, err := f.MakeWish(t.Context(), id, n)
	var wrong *tracker.MemberError
	if !errors.As(err, &wrong) || wrong.Member != member {
		t.Errorf("%+v: %v, want it to be about %s", n, err, member)
	}
	if len(f.Wishes(id)) != before {
		t.Errorf("%+v was kept", n)
	}
}

func TestWishesAreSealedAndErased(t *testing.T) {
	path := newFile(t)
	f := start(t, path)
	d := deliver(t, f)
	w := f.wish(t, d.ID, tracker.WishPlace, tracker.Wished{Text: secretPlace})
	f.stop()
	file, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(file, []byte(w.ID)) || bytes.Contains(file, []byte("Quittenbaum")) {
		t.Errorf("%v; the store's file holds the id: %v, the text: %v", err, bytes.Contains(file, []byte(w.ID)), bytes.Contains(file, []byte("Quittenbaum")))
	}
	f = start(t, path)
	if kept := f.Wishes(d.ID); len(kept) != 1 || kept[0].Text != secretPlace {
		t.Fatalf("kept %+v", kept)
	}
	if _, err := f.MoveDelivery(t.Context(), d.ID, tracker.AnyVersion, cancelled, ""); err != nil {
		t.Fatal(err)
	}
	if err := f.EraseCustomer(t.Context(), d.Customer, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if left := f.Wishes(d.ID); len(left) != 1 || left[0].Text != "" || !left[0].Erased {
			t.Errorf("left %+v", left)
		}
		f.stop()
		f = start(t, path)
	}
}
