package tracker

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"wayguard/geofence"
)

// dutyBucket holds what the engine was told of each round, by version of the
// World, as fenceBucket does of fences: ID, 0, version in hexadecimal. What is
// personal in it is sealed as it is elsewhere: the places of stops under the
// keys of their customers, the way under that of the round.
const dutyBucket = "duties"

// storedDuty is one version of a round. It is null once the round is over.
type storedDuty struct {
	Devices []DeviceID `json:"devices"`
	// Key is the round's as of this version, empty for the one named as the round.
	Key   KeyID        `json:"key,omitempty"`
	Route []byte       `json:"route,omitempty"` // a sealed Plan
	Stops []storedStop `json:"stops,omitempty"`
	Depot *Depot       `json:"depot,omitempty"`
	Start time.Time    `json:"start,omitzero"`
	// Updated stands for Start where breaks are concerned and that is not known.
	Updated time.Time `json:"updated,omitzero"`
	// Straight: where there is no route, straight lines are.
	Straight bool `json:"straight,omitempty"`
}

type storedStop struct {
	ID       DeliveryID `json:"id"`
	Customer CustomerID `json:"customer"`
	Terms    Terms      `json:"terms"`
	Place    []byte     `json:"place"` // a sealed stopPlace
}

// stopPlace is what the engine needs of a destination.
type stopPlace struct {
	Point                 orb.Point        `json:"point"`
	Premises              orb.MultiPolygon `json:"premises,omitempty"`
	GeocodeAccuracyMeters float64          `json:"geocode_accuracy_m,omitempty"`
}

// duty is a round with all that belongs to it.
type duty struct {
	round   Round
	devices []DeviceID
	depot   *Depot
	stops   []Delivery
	// straight: where there is no way, straight lines are.
	straight bool
}

// dutyOf gathers a round as an edit leaves it, nil for one that the engine need
// not know.
func (l *ledger) dutyOf(b *ledgerEdit, id RoundID) *duty {
	r, ok := look(b, l.rounds, string(id))
	if !ok || r.State != RoundRunning || r.Erased {
		return nil
	}
	v, _ := look(b, l.vehicles, r.Vehicle)
	if len(v.Devices) == 0 {
		return nil // to the engine it would be everybody's round
	}
	d := l.placesOf(b, &r)
	d.devices = v.Devices
	return d
}

// engine is the duty as the engine is told of it.
func (d *duty) engine() geofence.Round {
	g := geofence.Round{ID: geofence.RoundID(d.round.ID), Start: optionalMillis(d.round.Start)}
	for _, id := range d.devices {
		g.Devices = append(g.Devices, geofence.DeviceID(id))
	}
	for i := range d.stops {
		g.Stops = append(g.Stops, d.stops[i].stop())
	}
	if d.depot != nil {
		g.Depots = []geofence.Depot{d.depot.engine()}
		g.Breaks = d.depot.engineBreaks(cmp.Or(d.round.Start, d.round.Updated))
	}
	if line, corridor := d.way(); len(line) > 1 {
		g.Routes = []geofence.Route{{
			ID: geofence.RouteID(d.round.ID), Line: line, CorridorMeters: corridor, Rough: d.round.Plan.Source() == RouteStraight,
		}}
	}
	return g
}

func (d *Delivery) stop() geofence.Stop {
	return geofence.Stop{
		ID:          geofence.StopID(d.ID),
		Place:       geofence.Place{Point: d.Point, Polygons: d.Premises},
		WindowStart: optionalMillis(d.WindowStart), WindowEnd: optionalMillis(d.WindowEnd),
		GeocodeAccuracyMeters: d.GeocodeAccuracyMeters, Service: d.Service,
	}
}

func (d *Depot) engine() geofence.Depot {
	return geofence.Depot{ID: d.ID, Place: geofence.Place{Point: d.Point, Polygons: d.Premises}, RadiusMeters: d.RadiusMeters}
}

func (d *Depot) engineBreaks(start time.Time) (breaks []geofence.Break) {
	if start.IsZero() {
		return nil
	}
	for _, b := range d.breaksAround(start) {
		breaks = append(breaks, geofence.Break{From: geofence.MillisOf(b[0]), To: geofence.MillisOf(b[1])})
	}
	return breaks
}

func optionalMillis(t time.Time) geofence.Millis {
	if t.IsZero() {
		return 0
	}
	return geofence.MillisOf(t)
}

// row is a version of the duty as the store keeps it; d is nil once the round
// is over.
func (d *duty) row(keys *Keyring, id RoundID, version uint64) (BucketRecord, error) {
	key := dutyKey(id, version)
	if d == nil {
		return BucketRecord{Bucket: dutyBucket, Record: Record{Key: key, Value: []byte("null")}}, nil
	}
	s := storedDuty{Devices: d.devices, Key: d.round.Key, Depot: d.depot, Start: d.round.Start, Updated: d.round.Updated, Straight: d.straight}
	var err error
	if s.Route, err = keys.sealJSON(d.round.sealedBy(), dutyBucket, key, d.round.Plan); err != nil {
		return BucketRecord{}, err
	}
	for i := range d.stops {
		stop := &d.stops[i]
		place := stopPlace{stop.Point, stop.Premises, stop.GeocodeAccuracyMeters}
		sealed, err := keys.sealJSON(KeyID(stop.Customer), dutyBucket, key, place)
		if err != nil {
			return BucketRecord{}, err
		}
		s.Stops = append(s.Stops, storedStop{ID: stop.ID, Customer: stop.Customer, Terms: stop.Terms, Place: sealed})
	}
	value, err := json.Marshal(s)
	if err != nil {
		return BucketRecord{}, fmt.Errorf("encode round %s: %w", id, err)
	}
	return BucketRecord{Bucket: dutyBucket, Record: Record{Key: key, Value: value}}, nil
}

// parseDuty reads what row wrote, nil for a round that is over. Stops of those
// who were erased are left out.
func (k *Keyring) parseDuty(id RoundID, r Record) (*geofence.Round, error) {
	var s *storedDuty
	if err := json.Unmarshal(r.Value, &s); err != nil || s == nil {
		return nil, err
	}
	d := duty{round: Round{Meta: Meta{Updated: s.Updated}, ID: id, Key: s.Key, Start: s.Start}, devices: s.Devices, depot: s.Depot, straight: s.Straight}
	if _, err := k.openJSON(d.round.sealedBy(), dutyBucket, r.Key, s.Route, &d.round.Plan); err != nil {
		return nil, err
	}
	for _, stop := range s.Stops {
		var place stopPlace
		erased, err := k.openJSON(KeyID(stop.Customer), dutyBucket, r.Key, stop.Place, &place)
		if err != nil {
			return nil, err
		}
		if erased {
			continue
		}
		d.stops = append(d.stops, Delivery{ID: stop.ID, Order: Order{
			Terms:       stop.Terms,
			Destination: Destination{Point: place.Point, Premises: place.Premises, GeocodeAccuracyMeters: place.GeocodeAccuracyMeters},
		}})
	}
	g := d.engine()
	return &g, nil
}

func dutyKey(id RoundID, version uint64) string { return fmt.Sprintf("%s\x00%016x", id, version) }

func parseDutyKey(key string) (RoundID, uint64, error) {
	id, hex, ok := strings.Cut(key, "\x00")
	version, err := strconv.ParseUint(hex, 16, 64)
	if !ok || err != nil {
		return "", 0, fmt.Errorf("duty record %q: %w", key, errDamaged)
	}
	return RoundID(id), version, nil
}

// forgetUnknown leaves out of an edit what is no business of the engine's: rounds
// that it does not know and need not know, such as those of tomorrow.
func (l *ledger) forgetUnknown(b *ledgerEdit) {
	before := l.edit()
	maps.DeleteFunc(b.reshaped, func(id RoundID, _ bool) bool {
		return l.dutyOf(before, id) == nil && l.dutyOf(b, id) == nil
	})
}

// changeDuties makes an edit durable together with a World that knows the
// rounds which it reshaped, and what it means for their devices.
func (f *Fleet) changeDuties(ctx context.Context, b *ledgerEdit, e edit) error {
	return f.fences.editing.take(ctx, func(ctx context.Context) error {
		// What a failed edit of fences left behind is of the version to come.
		if err := f.writeAhead(Repeatable(ctx), nil); err != nil {
			return err
		}
		old := f.pipeline.world.Load()
		version := old.Version() + 1
		errands := f.ledger.errandsOf(b).changed(old, version)
		if len(b.reshaped)+len(errands) == 0 {
			return f.change(ctx, e)
		}
		for i := range errands {
			e.records = append(e.records, errands[i].row())
		}
		var put []geofence.Round
		var remove []geofence.RoundID
		for id := range b.reshaped {
			d := f.ledger.dutyOf(b, id)
			row, err := d.row(b.keys, id, version)
			if err != nil {
				return err
			}
			e.records = append(e.records, row)
			if d == nil {
				remove = append(remove, geofence.RoundID(id))
				continue
			}
			put = append(put, d.engine())
		}
		var err error
		if e.world, err = old.WithRounds(version, put, remove); err != nil {
			return fmt.Errorf("%w: %w", ErrBadInput, err)
		}
		e.world = tellDevices(e.world, version, errands)
		e.records = append(e.records, worldRecord(version))
		return f.change(ctx, e)
	})
}

// worldRecord puts a version in force.
func worldRecord(version uint64) BucketRecord {
	return BucketRecord{Bucket: worldBucket, Record: Record{Key: worldKey, Value: strconv.AppendUint(nil, version, 10)}}
}
