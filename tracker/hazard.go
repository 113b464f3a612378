package tracker

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// HazardID names a notice of a hazard; see [NewHazardID].
type HazardID string

// NewHazardID is the id of what a sender calls identifier.
func NewHazardID(sender, identifier string) HazardID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s%s", len(sender), sender, identifier))
	return HazardID(strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10])))
}

// Hazard is what an authority warns of: zones that are fences from their onset
// until they expire.
type Hazard struct {
	Meta       `json:"-"`
	ID         HazardID     `json:"id"`
	Sender     string       `json:"sender"`
	Identifier string       `json:"identifier"`
	Sent       time.Time    `json:"sent"`
	Zones      []HazardZone `json:"zones"`
}

// HazardZone is a warning and where it holds.
type HazardZone struct {
	Event     string `json:"event"`
	Headline  string `json:"headline,omitempty"`
	Severity  string `json:"severity"` // one of severities
	Urgency   string `json:"urgency"`
	Certainty string `json:"certainty"`
	Area      string `json:"area,omitempty"`
	// From and Until are when it holds.
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Polygons and Circles are where, in degrees.
	Polygons orb.MultiPolygon `json:"polygons,omitempty"`
	Circles  []HazardCircle   `json:"circles,omitempty"`
}

// HazardCircle is a part of a zone.
type HazardCircle struct {
	Center       orb.Point `json:"center"`
	RadiusMeters float64   `json:"radius_m"`
}

const hazardBucket = "hazards"

// severities are the words of the Common Alerting Protocol 1.2 for how much a
// hazard threatens.
var severities = []string{"Extreme", "Severe", "Moderate", "Minor", "Unknown"}

// mild reports whether something of a severity is to be known and no more: at
// most a "possible threat to life or property".
func mild(severity string) bool { return severity == "Moderate" || severity == "Minor" }

func (h *Hazard) key() string            { return string(h.ID) }
func (h *Hazard) personal() (KeyID, any) { return "", nil }

// keepHazards is for how long an expired one can be looked at.
const keepHazards = 7 * 24 * time.Hour

func (h *Hazard) until() (last time.Time) {
	for _, z := range h.Zones {
		if z.Until.After(last) {
			last = z.Until
		}
	}
	return last
}

// hazardFence is what the ids of fences of hazards begin with.
const hazardFence = "hazard-"

// speedShares are how fast vehicles are expected to get on in hazards of a
// severity, as a share of how fast they do otherwise; severities that are not
// here hold nobody up. They are what heavy snow leaves: average speeds fall by up
// to 40 %, and the speed on free roads by up to 64 % (Federal Highway
// Administration, "How Do Weather Events Impact Roads?").
var speedShares = map[string]float64{"Severe": 0.6, "Extreme": 0.36}

// fences are those of the zones that hold at a time.
func (h *Hazard) fences(at time.Time) (records []FenceRecord, err error) {
	for i := range h.Zones {
		z := &h.Zones[i]
		if at.Before(z.From) || !at.Before(z.Until) {
			continue
		}
		properties, err := json.Marshal(map[string]any{
			"kind": "hazard", "hazard": h.ID, "severity": z.Severity, "area": z.Area, "until": z.Until,
		})
		if err != nil {
			return nil, fmt.Errorf("encode hazard %s: %w", h.ID, err)
		}
		add := func(f geofence.Fence) {
			f.Peril = geofence.Peril{SpeedShare: speedShares[z.Severity], Until: geofence.MillisOf(z.Until), Severity: z.Severity}
			f.ID, f.Hazard = geofence.FenceID(fmt.Sprintf("%s%s-%d", hazardFence, h.ID, len(records)+100*i)), true
			records = append(records, FenceRecord{Fence: f, Name: z.Event, Properties: properties})
		}
		if len(z.Polygons) > 0 {
			add(geofence.Fence{Polygons: z.Polygons})
		}
		for _, c := range z.Circles {
			add(geofence.Fence{Center: c.Center, RadiusMeters: c.RadiusMeters})
		}
	}
	return records, nil
}

// Limits of a hazard.
const (
	maxZones     = 100
	maxZoneParts = 99
)

func (h *Hazard) check() error {
	if len(h.Zones) > maxZones {
		return &MemberError{"zones", fmt.Sprintf("must be at most %d.", maxZones)}
	}
	for i := range h.Zones {
		z := &h.Zones[i]
		if len(z.Circles) >= maxZoneParts {
			return &MemberError{"zones", fmt.Sprintf("must have fewer than %d circles each.", maxZoneParts)}
		}
		all := *h
		all.Zones = []HazardZone{*z}
		records, err := all.fences(z.From)
		if err != nil {
			return err
		}
		for _, r := range records {
			if err := r.Fence.Validate(); err != nil {
				return &MemberError{"zones", fmt.Sprintf("has an area that is none: %v.", err)}
			}
		}
	}
	return nil
}

// Hazards returns all hazards in order of id.
func (f *Fleet) Hazards() []Hazard {
	return f.ledger.hazards.list("", false, -1, func(*Hazard) bool { return true })
}

// PutHazard makes a hazard, or replaces it, and takes back those that it
// supersedes; nil makes none. When it returns nil that is durable, and the zones
// that hold now are fences. Errors wrap ErrBadInput, ErrNoKeyring,
// ErrUnavailable or ctx's.
func (f *Fleet) PutHazard(ctx context.Context, h *Hazard, superseded ...HazardID) error {
	l := f.ledger
	if l.keys == nil {
		return ErrNoKeyring
	}
	if h != nil {
		if err := h.check(); err != nil {
			return err
		}
	}
	err := l.hold(ctx, func(ctx context.Context) error {
		b := l.edit()
		for _, id := range superseded {
			if _, ok := l.hazards.get(string(id)); ok {
				b.dropHazard(l, string(id))
			}
		}
		if h != nil {
			made := *h
			if old, ok := l.hazards.get(h.key()); ok {
				made.Meta = old.Meta
			}
			if err := put(b, l.hazards, &made); err != nil {
				return err
			}
		}
		return f.commitLedger(ctx, b)
	}, hazardBucket)
	if err != nil {
		return err
	}
	return f.placeHazards(ctx, f.clock.Now())
}

func (b *ledgerEdit) dropHazard(l *ledger, key string) {
	b.rows = append(b.rows, BucketRecord{Bucket: hazardBucket, Record: Record{Key: key}})
	b.place = append(b.place, func() { l.hazards.drop(key) })
}

// placeHazards makes fences of the zones that hold at a time, and of no others.
func (f *Fleet) placeHazards(ctx context.Context, at time.Time) error {
	return f.fences.editing.take(ctx, func(ctx context.Context) error {
		put, remove, err := f.hazardFences(at)
		if err != nil || len(put)+len(remove) == 0 {
			return err
		}
		shapes := make([]geofence.Fence, len(put))
		for i := range put {
			put[i].Updated = f.ledger.today()
			shapes[i] = put[i].Fence
		}
		return f.editWorld(ctx, shapes, remove, put)
	})
}

// hazardFences is the difference between the fences that are there and those
// that should be.
func (f *Fleet) hazardFences(at time.Time) (put []FenceRecord, remove []geofence.FenceID, err error) {
	wanted := make(map[geofence.FenceID]bool)
	for _, h := range f.Hazards() {
		records, err := h.fences(at)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range records {
			wanted[r.Fence.ID] = true
			if old, ok := f.Fence(r.Fence.ID); !ok || old.Updated.Before(h.Updated) {
				put = append(put, r)
			}
		}
	}
	for _, r := range f.Fences() {
		if r.Fence.Hazard && strings.HasPrefix(string(r.Fence.ID), hazardFence) && !wanted[r.Fence.ID] {
			remove = append(remove, r.Fence.ID)
		}
	}
	return put, remove, nil
}

// hazardEvery is how often zones are looked at that begin or expire.
const hazardEvery = 30 * time.Second

// tendHazards lets zones begin and expire until ctx ends.
func (f *Fleet) tendHazards(ctx context.Context) {
	for {
		err := f.placeHazards(ctx, f.clock.Now())
		if err == nil {
			err = f.forgetHazards(ctx, f.clock.Now())
		}
		if err != nil && ctx.Err() == nil {
			f.log.Error("zones of hazards could not be brought up to date", "error", err)
		}
		select {
		case <-time.After(f.clock.Real(hazardEvery)):
		case <-ctx.Done():
			return
		}
	}
}

func (f *Fleet) forgetHazards(ctx context.Context, at time.Time) error {
	l := f.ledger
	old := l.hazards.list("", false, -1, func(h *Hazard) bool { return at.Sub(h.until()) > keepHazards })
	if len(old) == 0 {
		return nil
	}
	return l.hold(ctx, func(ctx context.Context) error {
		b := l.edit()
		for i := range old {
			b.dropHazard(l, old[i].key())
		}
		return f.commitLedger(ctx, b)
	}, hazardBucket)
}

// AddPolygon adds a ring of longitudes and latitudes, which ends where it
// begins.
func (z *HazardZone) AddPolygon(ring [][2]float64) {
	r := make(orb.Ring, len(ring))
	for i, p := range ring {
		r[i] = p
	}
	z.Polygons = append(z.Polygons, orb.Polygon{r})
}

// Repeats reports that other is a warning of the same in the same place.
func (z *HazardZone) Repeats(other HazardZone) bool {
	return z.Event == other.Event && z.Polygons.Equal(other.Polygons) && slices.Equal(z.Circles, other.Circles)
}

// Hazard returns one hazard.
func (f *Fleet) Hazard(id HazardID) (Hazard, bool) { return f.ledger.hazards.get(string(id)) }
