package tracker

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"wayguard/geofence"
)

// Retention says for how long things are kept; zero fields stand for the
// defaults. Neither may be shorter than MinKeep.
type Retention struct {
	// Tracks is how old, by its time, a fix gets, and what a device sent that
	// was refused, by its receipt; DefaultKeepTracks.
	Tracks time.Duration
	// Events is how long ago an event became known; DefaultKeepEvents.
	Events time.Duration
}

// How long things are kept.
const (
	DefaultKeepTracks = 90 * 24 * time.Hour
	DefaultKeepEvents = 400 * 24 * time.Hour
	// MinKeep is the least: late fixes are evaluated with what was stored and
	// told in the day before, with a day to spare.
	MinKeep = 48 * time.Hour
)

// ErrGone: what was asked for is older than what is kept.
var ErrGone = errors.New("no longer kept")

func (r Retention) withDefaults() (Retention, error) {
	if r.Tracks == 0 {
		r.Tracks = DefaultKeepTracks
	}
	if r.Events == 0 {
		r.Events = DefaultKeepEvents
	}
	if r.Tracks < MinKeep || r.Events < MinKeep {
		return r, fmt.Errorf("tracks are to be kept for %v and events for %v: neither may be less than %v", r.Tracks, r.Events, MinKeep)
	}
	return r, nil
}

// retention is what has been dropped for its age, or is about to be.
type retention struct {
	keep Retention
	// tracks is the time in ms before which fixes have been dropped, the least
	// of all where none have.
	tracks atomic.Int64
	// events is the sequence number of the first event that is kept, or of the
	// next one where there is none.
	events atomic.Uint64
	// worlds is the oldest World when fences were last looked through.
	worlds uint64
}

// The bucket of retention has one record: before which time fixes have been
// dropped, in ms.
const (
	retentionBucket = "retention"
	retentionTracks = "tracks"
)

func loadRetention(store Store, keep Retention) (*retention, error) {
	keep, err := keep.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &retention{keep: keep}
	value, err := store.Record(retentionBucket, retentionTracks)
	if err != nil {
		return nil, fmt.Errorf("read what is retained: %w", err)
	}
	r.tracks.Store(math.MinInt64)
	if value != nil {
		before, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("what is retained: %w", errDamaged)
		}
		r.tracks.Store(before)
	}
	_, newest, err := store.Last()
	if err != nil {
		return nil, fmt.Errorf("read what is retained: %w", err)
	}
	r.events.Store(newest + 1)
	first, err := store.Events(0, "", 1)
	if err != nil {
		return nil, fmt.Errorf("read what is retained: %w", err)
	}
	if len(first) == 1 {
		r.events.Store(first[0].Seq)
	}
	return r, nil
}

// TracksSince is the time before which fixes have been dropped for their age,
// zero where none have.
func (f *Fleet) TracksSince() time.Time {
	since := f.retention.tracks.Load()
	if since == math.MinInt64 {
		return time.Time{}
	}
	return geofence.Millis(since).Time()
}

// FirstSeq is the sequence number of the first event that is kept, or that of
// the next event where there is none.
func (f *Fleet) FirstSeq() uint64 { return f.retention.events.Load() }

// tracksRecord notes before which time fixes have been dropped.
func tracksRecord(before geofence.Millis) BucketRecord {
	return BucketRecord{Bucket: retentionBucket, Record: Record{
		Key: retentionTracks, Value: strconv.AppendInt(nil, int64(before), 10),
	}}
}
