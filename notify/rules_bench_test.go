package notify

import (
	"testing"

	"wayguard/tracker"
)

// BenchmarkNotices judges an event of a delivery, as the reader of the log does.
func BenchmarkNotices(b *testing.B) {
	r := startRules(b)
	e := found("delivery.approaching", r.deliver())
	b.ReportAllocs()
	for b.Loop() {
		if notices, _ := r.Notices(e, noonOf); len(notices) != 1 {
			b.Fatal(notices)
		}
	}
}

// BenchmarkCompose writes a message over each channel.
func BenchmarkCompose(b *testing.B) {
	for _, c := range []Channel{Email, SMS, Push} {
		b.Run(string(c), func(b *testing.B) {
			r := startRules(b)
			d := r.deliver(func(o *tracker.NewDelivery) { o.Contact.Consent.Push = true })
			notices := []Notice{*r.one(found("delivery.approaching", d), ToCustomer)}
			a, _, _ := r.Address(notices[0].To, c)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Compose(notices, a, c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
