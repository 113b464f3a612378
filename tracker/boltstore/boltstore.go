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
// The buckets: journal (sequence to batch, in pieces), events (sequence to
// event), subjects (subject, 0, sequence), found (device, 0, sequence to the time
// of the fix that an event was found by), unsorted (what of these two is put
// off), checkpoints (shard), track, track-8h, track-64h and track-7d by the time
// that blocks cover (device, 0, first fix, through), snapshots (device, 0, fix to
// engine state) and one below records for each kind of named record.
// Numbers in keys are big-endian; times have their sign bit flipped so that
// they sort.
package boltstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Version is the layout this package writes. Version 2 has each entry of the
// journal in one piece and puts off nothing of the indexes, version 1 also has no
// merged blocks and other checkpoints.
const Version = 3

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
	snapshotBucket   = []byte("snapshots")
	recordsBucket    = []byte("records")
	versionKey       = []byte("version")
)

// Options configure Open; the zero value is usable.
type Options struct {
	// MmapBytes is the address space to reserve, DefaultMmapBytes if zero.
	MmapBytes int
	// GoBack allows the loss of the last write, if that alone is damaged; a copy
	// of the file is kept.
	GoBack bool
	// Metrics receives the store's collectors; nil for none.
	Metrics prometheus.Registerer
	// Log defaults to slog.Default.
	Log *slog.Logger
}

func (o Options) log() *slog.Logger {
	if o.Log == nil {
		return slog.Default()
	}
	return o.Log
}

// Store is a tracker.Store in one file.
type Store struct {
	db *bbolt.DB
	// committing has a second Commit wait, as its transaction would have to, so
	// that what is done to index is done in the order of the transactions.
	committing sync.Mutex
	index      index
}

// Open opens or creates the file at path, and brings one of an earlier version
// up to date, of which it keeps a copy beside it. Errors wrap ErrInUse, ErrNewer,
// ErrCut, ErrDamaged or what the file system says.
func Open(path string, opts Options) (*Store, error) {
	if opts.MmapBytes == 0 {
		opts.MmapBytes = DefaultMmapBytes
	}
	if err := inspect(path, opts); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db, err := openDB(path, opts)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &Store{db: db}
	if err = s.update(prepare); err == nil {
		err = s.view(s.index.load)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	if opts.Metrics != nil {
		s.register(opts.Metrics)
	}
	return s, nil
}

func openDB(path string, opts Options) (db *bbolt.DB, err error) {
	var opened *os.File
	defer func() {
		if err != nil && opened != nil {
			_ = opened.Close() // bbolt has done so, unless it has panicked
		}
	}()
	defer guard(&err)()
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         lockTimeout,
		InitialMmapSize: opts.MmapBytes,
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
		OpenFile: func(path string, flag int, mode os.FileMode) (file *os.File, err error) {
			opened, err = os.OpenFile(path, flag, mode)
			return opened, err
		},
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		err = ErrInUse
	}
	return db, err
}

// prepare makes the buckets of a new file and brings an old one up to date.
func prepare(tx *bbolt.Tx) error {
	buckets := [][]byte{metaBucket, journalBucket, eventsBucket, subjectsBucket, foundBucket, unsortedBucket, checkpointBucket, snapshotBucket, recordsBucket}
	for _, tier := range tiers {
		buckets = append(buckets, tier.bucket)
	}
	for _, name := range buckets {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	// A file of version 1 has no merged blocks: now it has their buckets. Its
	// checkpoints are read as they are, and so is an entry that is one piece.
	version, err := versionOf(tx)
	if err != nil || version == Version {
		return err
	}
	return tx.Bucket(metaBucket).Put(versionKey, binary.BigEndian.AppendUint32(nil, Version))
}

// Close waits for open transactions and closes the file.
func (s *Store) Close() error { return s.db.Close() }
