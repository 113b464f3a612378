package tracker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wayguard/tracker"
)

func (f *running) found(text string) (references []string) {
	for _, d := range f.Deliveries(tracker.DeliveryFilter{Text: text}, "", 100) {
		references = append(references, d.Reference)
	}
	return references
}

func TestSearch(t *testing.T) {
	f := start(t, newFile(t))
	var made []tracker.Delivery
	for _, c := range []struct{ reference, name, consignee, address, parcel string }{
		{"R-1", "Zoë Łukasz", "", "Große Straße 5, Zürich", "JD01"},
		{"R-2", "ZOE LUKASZ", "Ødegård", "12 Rue de l’Église", "JD02"},
		{"R-3", "", "Zoé", "北京市朝阳区", "ＪＤ０３"},
	} {
		o := order()
		o.Contact.Name, o.Order.Consignee, o.Order.Address = c.name, c.consignee, c.address
		o.Order.Reference, o.Order.Parcels = c.reference, []string{c.parcel}
		d, _, err := f.CreateDeliveries(t.Context(), tracker.Once{}, o)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, d...)
	}
	check := func(want map[string]string) {
		t.Helper()
		for text, want := range want {
			if got := strings.Join(f.found(text), " "); got != want {
				t.Errorf("%q finds %q, want %q", text, got, want)
			}
		}
	}
	want := map[string]string{
		"zoe": "R-3 R-2 R-1", "ZOË lukasz": "R-2 R-1", "grosse STRASSE": "R-1", "strasse zurich": "R-1", "odegard": "R-2",
		"eglise": "R-2", "朝阳": "R-3", "jd03": "R-3", "r-": "R-3 R-2 R-1", "+4915112345678 r-2": "R-2", "NOBODY@example.com zoe eglise": "R-2",
		"zurich eglise": "", "zoez": "",
	}
	check(want)
	f = f.crash(t)
	check(want)
	ctx := t.Context()
	if _, err := f.ChangeCustomer(ctx, made[0].Customer, tracker.AnyVersion, func(c *tracker.Contact) error { c.Name = "Anna"; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ChangeOrder(ctx, made[1].ID, tracker.AnyVersion, func(o *tracker.Order) error { o.Address = "3 Quay"; return nil }); err != nil {
		t.Fatal(err)
	}
	check(map[string]string{"anna strasse": "R-1", "lukasz": "R-2", "eglise": "", "quay lukasz": "R-2"})
	// Nobody is found who was erased.
	if _, err := f.MoveDelivery(ctx, made[0].ID, tracker.AnyVersion, cancelled, ""); err != nil {
		t.Fatal(err)
	}
	if err := f.EraseCustomer(ctx, made[0].Customer, tracker.AnyVersion); err != nil {
		t.Fatal(err)
	}
	check(map[string]string{"anna": "", "strasse": "", "r-1": "R-1", "jd01": "R-1"})
}

// Pages of a search are what a look at each delivery would find.
func TestSearchInPages(t *testing.T) {
	f := start(t, newFile(t))
	var orders []tracker.NewDelivery
	for i := range 500 {
		o := order()
		o.Order.Address = fmt.Sprintf("%d Mill Lane", i)
		orders = append(orders, o)
	}
	if _, _, err := f.CreateDeliveries(t.Context(), tracker.Once{}, orders...); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"mill", "1 mill", "37", "lane 4", "none"} {
		var want, got []tracker.DeliveryID
		for _, d := range f.Deliveries(tracker.DeliveryFilter{}, "", 1000) {
			all := strings.ToLower(d.Address + d.Reference + "+4915112345678 " + strings.Join(d.Parcels, " "))
			if !slices.ContainsFunc(strings.Fields(text), func(w string) bool { return !strings.Contains(all, w) }) {
				want = append(want, d.ID)
			}
		}
		before := tracker.DeliveryID("")
		for {
			page := f.Deliveries(tracker.DeliveryFilter{Text: text}, before, 7)
			for _, d := range page {
				got = append(got, d.ID)
			}
			if len(page) < 7 {
				break
			}
			before = page[6].ID
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q finds %d, want %d", text, len(got), len(want))
		}
	}
}
