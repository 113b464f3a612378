package tracker

import (
	"encoding/json"
	"reflect"
	"slices"
)

// What of a delivery an event can tell to have changed.
const (
	ChangedWindow      = "window"
	ChangedDestination = "destination"
	ChangedParcels     = "parcels"
	ChangedCode        = "code"
	ChangedRound       = "round"
)

// DeliveryDetail is the detail of an event that an edit of a delivery made.
type DeliveryDetail struct {
	Course
	// Changed says what else than its state is different, empty for a new one.
	Changed []string `json:"changed,omitempty"`
	// PreviousRound is the one that it was taken off, empty for none.
	PreviousRound RoundID `json:"previous_round,omitempty"`
}

// detailAfter tells of d, and of what has changed since before.
func (d *Delivery) detailAfter(before *Delivery) json.RawMessage {
	told := DeliveryDetail{Course: d.Course, Changed: d.changesSince(before)}
	if before.Round != d.Round {
		told.PreviousRound = before.Round
	}
	detail, _ := json.Marshal(told) // nothing in it can fail
	return detail
}

func (d *Delivery) changesSince(before *Delivery) (changed []string) {
	for _, part := range []struct {
		name string
		same bool
	}{
		{ChangedWindow, d.WindowStart.Equal(before.WindowStart) && d.WindowEnd.Equal(before.WindowEnd)},
		{ChangedDestination, d.Address == before.Address && d.Point == before.Point && d.Consignee == before.Consignee &&
			d.Instructions == before.Instructions && reflect.DeepEqual(d.Premises, before.Premises)},
		{ChangedParcels, slices.Equal(d.Parcels, before.Parcels)},
		{ChangedCode, d.Hidden.Code == before.Hidden.Code},
		{ChangedRound, d.Round == before.Round},
	} {
		if !part.same {
			changed = append(changed, part.name)
		}
	}
	return changed
}
