package tracker

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// RoundID names a round: a UUID (RFC 9562).
type RoundID string

// RoundState is where a round stands.
type RoundState string

// The states: each leads to the next one.
const (
	// RoundPlanned: nobody is on it.
	RoundPlanned RoundState = "planned"
	// RoundRunning: its vehicle is on it. A vehicle is on one round at a time.
	RoundRunning RoundState = "running"
	// RoundEnded: it is over. This is final.
	RoundEnded RoundState = "ended"
)

// Round is what a vehicle is to do: some deliveries one after the other.
type Round struct {
	Meta    `json:"-"`
	ID      RoundID    `json:"id"`
	Name    string     `json:"name"`
	State   RoundState `json:"state"`
	Vehicle string     `json:"vehicle,omitempty"`
	Driver  string     `json:"driver,omitempty"`
	Depot   string     `json:"depot,omitempty"`
	// Start is when it is to begin; zero if that is not known.
	Start time.Time `json:"start,omitzero"`
	// Manual: it begins and ends only when somebody says so.
	Manual bool `json:"manual,omitempty"`
	// Began is when it was started, zero before.
	Began time.Time `json:"began,omitzero"`
	// Stops are deliveries in the order in which they are to be served.
	Stops []DeliveryID `json:"stops,omitempty"`
	// Behind are stops that were served before a vehicle took over that is not
	// to serve them again.
	Behind []DeliveryID `json:"behind,omitempty"`
	// Left are stops that were taken off while it ran: the vehicle may have been
	// there.
	Left []DeliveryID `json:"left,omitempty"`
	// Former are all stops that were ever taken off: older ways lead to them.
	Former []DeliveryID `json:"former,omitempty"`
	// Key seals the way, and what the engine was told of it; empty for the one that
	// is named as the round. Spent are those before, which are to be destroyed.
	Key   KeyID   `json:"key,omitempty"`
	Spent []KeyID `json:"spent,omitempty"`
	// Plan is the way, which passes the doors of people: it is sealed under a
	// key of the round's own.
	Plan `json:"-"`
}

// AutoStarts tells whether a round begins by itself, at its start, once its
// vehicle leaves the depot, and ends when that is back with nothing left to do.
func (r *Round) AutoStarts() bool { return !r.Manual && r.Depot != "" && !r.Start.IsZero() }

const roundBucket = "rounds"

func (r *Round) key() string            { return string(r.ID) }
func (r *Round) personal() (KeyID, any) { return r.sealedBy(), &r.Plan }
func (r *Round) sealedBy() KeyID        { return cmp.Or(r.Key, KeyID(r.ID)) }

// leave notes stops that are taken off.
func (r *Round) leave(ids ...DeliveryID) {
	for _, id := range ids {
		if !slices.Contains(r.Former, id) {
			r.Former = append(slices.Clip(r.Former), id)
		}
		if r.State == RoundRunning && !slices.Contains(r.Left, id) {
			r.Left = append(slices.Clip(r.Left), id)
		}
	}
}

// Limits of a round.
const (
	// MaxStops is the most deliveries of one round.
	MaxStops       = 1000
	maxRoutePoints = 100_000
	maxCorridor    = 10_000 // metres
)

func (r *Round) normalize() error {
	r.Name = strings.TrimSpace(r.Name)
	r.Start = r.Start.UTC().Truncate(time.Millisecond)
	if err := checkLine("name", r.Name, maxName); err != nil {
		return err
	}
	if len(r.Stops) > MaxStops {
		return &MemberError{"stops", fmt.Sprintf("must be at most %d.", MaxStops)}
	}
	seen := make(map[DeliveryID]bool, len(r.Stops))
	for _, id := range r.Stops {
		if seen[id] {
			return &MemberError{"stops", "must be ids of deliveries, each once."}
		}
		seen[id] = true
	}
	return r.Plan.check()
}
