package tracker

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"wayguard/geofence"
)

// Options configure a Fleet; the zero value is usable.
type Options struct {
	// Settings are the engine's.
	Settings geofence.Settings
	// Keep is for how long tracks and events are kept.
	Keep Retention
	// Metrics receives the fleet's collectors; nil for none.
	Metrics prometheus.Registerer
	// Keyring seals what is personal of customers; without one the fleet keeps
	// neither customers nor deliveries. Blobs keeps their photos; nil for none.
	Keyring *Keyring
	Blobs   *Blobs
	// Scrub has the store overwrite what it keeps of deleted records; nil where it
	// cannot. It is called by Open, where secrets were in plain.
	Scrub func() error
	// Clock is what the time is asked of; nil for the system's.
	Clock *Clock
	// Router plans rounds that come without a way; nil for straight lines.
	Router Router
	// Log defaults to slog.Default.
	Log *slog.Logger
}

// Fleet is the devices, the fences and the pipeline. Its methods may be called
// from any goroutine.
type Fleet struct {
	store    Store
	clock    *Clock
	log      *slog.Logger
	metrics  *metrics
	intake   *intake
	pipeline *pipeline
	registry *registry
	fences   *fences
	ledger   *ledger
	blobs    *Blobs // nil for none
	desk     *desk
	live     *live
	refused  *quarantine
	reviews  *reviews
	desires  *desires
	planner  *planner
	// untold is what is left of edits that a kill interrupted.
	untold []Record
	// frames is what the frame secrets of devices derive from.
	frames    []byte
	retention *retention
}

// pipeline is what the stepping and the committing goroutine work on.
type pipeline struct {
	shards [shardCount]*shard
	// world is the stepping goroutine's; others may look.
	world  atomic.Pointer[geofence.World]
	recent recentWorlds // it and those before
	vigil  vigil
	// journalSeq and eventSeq are the newest given out, by the stepping
	// goroutine.
	journalSeq, eventSeq uint64
	// committed is the newest durable journal entry, logged the newest durable
	// event.
	committed, logged atomic.Uint64
	// turns are when the shards are tended, saves when they are checkpointed
	// where the clock is not the system's.
	turns, saves cadence
	// trim is the last journal entry that no shard needed when it was last
	// looked at.
	trim    uint64
	scratch scratch // the stepping goroutine's
	batches chan *batch
	failure atomic.Pointer[error]
}

// intake is the queue in front of the pipeline.
type intake struct {
	queue chan submission
	// mu is held for reading while something is put into the queue, so that
	// whoever stops the pipeline knows when the queue can only shrink.
	mu      sync.RWMutex
	stopped chan struct{}
}

// Open loads everything from store and replays the journal behind the
// checkpoints. The caller closes store after Run has returned.
func Open(store Store, opts Options) (*Fleet, error) {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	f := &Fleet{
		store:    store,
		clock:    opts.Clock,
		log:      opts.Log,
		intake:   &intake{queue: make(chan submission, queueLength), stopped: make(chan struct{})},
		pipeline: &pipeline{batches: make(chan *batch, 1)},
		live:     newLive(),
		blobs:    opts.Blobs,
		reviews:  newReviews(),
	}
	f.pipeline.vigil.pace = opts.Clock
	for i := range f.pipeline.shards {
		f.pipeline.shards[i] = &shard{tracks: make(map[DeviceID]*track)}
	}
	for _, load := range []func() error{
		func() error { return f.wrapSecrets(opts) },
		func() (err error) { f.registry, err = loadRegistry(store, opts.Keyring); return err },
		func() (err error) { f.fences, err = loadFences(store, opts.Settings); return err },
		func() error { return completeRows(store) },
		func() (err error) { f.untold, err = loadUntold(store); return err },
		func() (err error) { f.ledger, err = loadLedger(store, opts.Keyring, opts.Clock); return err },
		func() (err error) { f.desk, err = loadDesk(store); return err },
		func() (err error) { f.refused, err = loadQuarantine(store); return err },
		func() (err error) { f.desires, err = loadDesires(store); return err },
		func() (err error) { f.frames, err = loadKey(store, opts.Keyring, frameSecretKey); return err },
		func() (err error) { f.retention, err = loadRetention(store, opts.Keep); return err },
		f.replay,
		func() error { return f.forgetHandoffs(f.clock.Now()) },
	} {
		if err := load(); err != nil {
			return nil, err
		}
	}
	f.metrics = newMetrics(f, opts.Metrics)
	f.planner = newPlanner(opts.Router, opts.Metrics)
	return f, nil
}

// Clock is what the fleet asks the time of, nil for the system's.
func (f *Fleet) Clock() *Clock { return f.clock }

// Ready says why reports are not taken at the moment, nil if they are. The
// error wraps ErrUnavailable.
func (f *Fleet) Ready() error {
	if err := f.pipeline.failure.Load(); err != nil {
		return *err
	}
	return nil
}
