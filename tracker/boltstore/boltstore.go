// Package boltstore keeps a fleet in one bbolt file.
//
// Start at [Open]. A nil error of [Store.Commit] means that the transaction
// has been synced to the disk. The journal and the event log are written in
// order of their sequence numbers with nearly full pages; nothing else is on
// the hot path but one checkpoint now and then. Once the fleet runs, no read
// holds a transaction open longer than one page of results, since an open one
// keeps freed pages from being used again and delays commits when the file
// grows.
//
// The buckets: journal (sequence to batch), events (sequence to event),
// subjects (subject, 0, sequence), found (device, 0, sequence to the time of the
// fix that an event was found by), checkpoints (shard), track (device, 0, first
// fix, through), snapshots (device, 0, fix to engine state) and one below
// records for each kind of named record.
// Numbers in keys are big-endian; times have their sign bit flipped so that
// they sort.
package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Version is the layout this package writes.
const Version = 1

// DefaultMmapBytes is the address space reserved for the file: growing the
// mapping later waits for every open read transaction.
const DefaultMmapBytes = 16 << 30

// lockTimeout is how long Open waits for another process to let go.
const lockTimeout = time.Second

// Errors of Open.
var (
	// ErrInUse: another process has the file open.
	ErrInUse = errors.New("in use by another process")
	// ErrNewer: the file was written by a newer release.
	ErrNewer = errors.New("written by a newer release")
)

var (
	metaBucket       = []byte("meta")
	journalBucket    = []byte("journal")
	eventsBucket     = []byte("events")
	subjectsBucket   = []byte("subjects")
	foundBucket      = []byte("found")
	checkpointBucket = []byte("checkpoints")
	trackBucket      = []byte("track")
	snapshotBucket   = []byte("snapshots")
	recordsBucket    = []byte("records")
	versionKey       = []byte("version")
)

// Options configure Open; the zero value is usable.
type Options struct {
	// MmapBytes is the address space to reserve, DefaultMmapBytes if zero.
	MmapBytes int
}

// Store is a tracker.Store in one file.
type Store struct {
	db *bbolt.DB
}

// Open opens or creates the file at path. Errors wrap ErrInUse, ErrNewer,
// ErrCut or what the file system says.
func Open(path string, opts Options) (*Store, error) {
	if opts.MmapBytes == 0 {
		opts.MmapBytes = DefaultMmapBytes
	}
	if err := checkLength(path); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         lockTimeout,
		InitialMmapSize: opts.MmapBytes,
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		err = ErrInUse
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := db.Update(prepare); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return &Store{db: db}, nil
}

// prepare makes the buckets of a new file and checks the version of an old
// one.
func prepare(tx *bbolt.Tx) error {
	for _, name := range [][]byte{metaBucket, journalBucket, eventsBucket, subjectsBucket, foundBucket, checkpointBucket, trackBucket, snapshotBucket, recordsBucket} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	meta := tx.Bucket(metaBucket)
	v := meta.Get(versionKey)
	if v == nil {
		return meta.Put(versionKey, binary.BigEndian.AppendUint32(nil, Version))
	}
	if len(v) != 4 {
		return fmt.Errorf("layout version of %d bytes, want 4: the file is damaged", len(v))
	}
	if n := binary.BigEndian.Uint32(v); n > Version {
		return fmt.Errorf("%w: its layout is version %d, this release reads up to %d; start the newer release, or restore a copy from before it", ErrNewer, n, Version)
	}
	return nil
}

// Close waits for open transactions and closes the file.
func (s *Store) Close() error { return s.db.Close() }
