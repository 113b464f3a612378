package notify

import (
	"time"

	"wayguard/tracker"
)

// Zone is that of the times in whatever is said to the customer of a delivery.
func (r *Rules) Zone(d *tracker.Delivery) *time.Location { return r.zoneOf(&Notice{Round: d.Round}) }
