package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wayguard/tracker"
)

// Samples that can be taken for nobody's.
const (
	sampleLink    = "https://fleet.example/t/SAMPLE-LINK-SAMPLE-LINK-00"
	sampleConsole = "https://fleet.example/"
	sampleName    = "Sample Name"
)

// sampleDay is when samples happen: Tuesday, 3 March 2026.
var sampleDay = time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)

// Preview is a message of a kind as it would be, about what is plainly a sample.
// Errors are a *tracker.MemberError that names kind, language or channel.
func Preview(k Kind, language string, channel Channel, from Sender) (Content, error) {
	m, ok := mannerOf(k)
	switch {
	case !ok:
		return Content{}, wrong("kind", "must be one of %s.", joined(Kinds()))
	case !slices.Contains(Languages(), language):
		return Content{}, wrong("language", "must be one of %s.", strings.Join(Languages(), ", "))
	case !slices.Contains(channels, channel):
		return Content{}, wrong("channel", "must be one of %s.", joined(channels))
	}
	w := &writer{tongue: tongueOf(language), sender: from.withDefaults()}
	n := &Notice{Kind: k, To: Recipient{m.to, "sample"}}
	s, err := w.section(n, sampleView(n, w))
	if err != nil {
		return Content{}, err
	}
	w.sections = []*section{s}
	return w.write(channel, sampleName, m.to)
}

func joined[T ~string](list []T) string {
	var b strings.Builder
	for i, v := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, v)
	}
	return b.String()
}

// sampleView is a delivery that is expected in the early afternoon.
func sampleView(n *Notice, w *writer) *view {
	at := func(hour, minute int) time.Time {
		return sampleDay.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	}
	v := &view{Sender: w.sender.Name, Link: sampleLink, Count: 1}
	v.moments = moments{
		At:     w.moment(at(13, 52), sampleDay),
		Window: w.period(at(12, 0), at(16, 0), time.Time{}), WindowBrief: w.brief(at(12, 0), at(16, 0), time.Time{}),
		Expected: w.period(at(14, 5), at(14, 25), sampleDay), ExpectedBrief: w.brief(at(14, 5), at(14, 25), sampleDay),
	}
	v.parcel = parcel{Delivery: "00000000-0000-7000-8000-000000000000", Reference: "SAMPLE-1", State: string(tracker.DeliveryDelivered), Parcels: 2, Where: "SAMPLE PLACE", AtDoor: true, Stops: 2}
	if n.Kind == Approaching || n.Kind == Departed || n.Kind == NewCode {
		v.Code = "000000"
	}
	if n.To.Audience == ToCustomer {
		return v
	}
	v.Link, v.Where = sampleConsole, ""
	v.scene = scene{Vehicle: "SAMPLE VAN", Round: "SAMPLE ROUND", Device: "sample-1", Type: "security.sample", Minutes: 15}
	if typ, ok := alertType(n.Kind); ok {
		v.Type = typ
	}
	return v
}
