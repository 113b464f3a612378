package tracker

import (
	"time"

	"wayguard/geofence"
)

// Store keeps what the fleet must not lose. Values are opaque to it; the
// sequence numbers are the fleet's. Reads see whole transactions only, and may
// run beside Commit; Commit is called by one goroutine at a time.
//
// A Store may be a file on this machine or a service on others, so no method
// is meant to be called once for each device.
type Store interface {
	// Last returns the highest sequence numbers of the journal and of the
	// event log, 0 for an empty one.
	Last() (journal, event uint64, err error)
	// Commit makes all of t durable, or nothing. Committing the same
	// transaction again after an error is harmless.
	Commit(t *Transaction) error
	// Journal calls fn with each retained entry in order. fn must not keep
	// value. An error of fn ends the walk and is returned.
	Journal(fn func(seq uint64, value []byte) error) error
	// Checkpoints returns the newest checkpoint of each shard.
	Checkpoints() (map[int][]byte, error)
	// Events returns up to limit entries of the event log with a sequence
	// number above after, in order; where subject is not empty, only those
	// about it.
	Events(after uint64, subject string, limit int) ([]LogEntry, error)
	// EventsOf returns up to limit entries that the engine found of a device,
	// with a sequence number above after, in order.
	EventsOf(device DeviceID, after uint64, limit int) ([]LogEntry, error)
	// Snapshot returns the newest snapshot of a device that is earlier than
	// before, nil if there is none.
	Snapshot(device DeviceID, before geofence.Millis) (*Snapshot, error)
	// Blocks returns the first blocks, up to limit, of a device in order of
	// First and Through that may hold fixes of [from, to): all that do, and
	// perhaps some that end before from.
	Blocks(device DeviceID, from, to geofence.Millis, limit int) ([]Block, error)
	// TrackDevices returns up to limit devices behind after that have blocks,
	// in order.
	TrackDevices(after DeviceID, limit int) ([]DeviceID, error)
	// Record returns a named record, nil if there is none.
	Record(bucket, key string) ([]byte, error)
	// Records returns up to limit records of a bucket whose keys begin with
	// prefix and sort behind after, in order.
	Records(bucket, prefix, after string, limit int) ([]Record, error)
}

// Transaction is what one Commit makes durable.
type Transaction struct {
	// Entry is appended to the journal; nil for none.
	Entry *JournalEntry
	// Events are appended to the event log.
	Events []LogEntry
	// Found replace what the entries of the log, which are there already, say
	// of the fixes that they were found by: Device, Seq and At count.
	Found []LogEntry
	// Checkpoints replace those of the same shards.
	Checkpoints []Checkpoint
	// BlockCuts are made before Blocks are added.
	BlockCuts []BlockCut
	Blocks    []Block
	// SnapshotCuts are made before Snapshots are put.
	SnapshotCuts []SnapshotCut
	Snapshots    []Snapshot
	// Records are put, or deleted where Value is nil.
	Records []BucketRecord
	// EventCuts drop entries of the event log, of which Seq, Subject and Device
	// count. They are the oldest ones, and never the newest of all.
	EventCuts []LogEntry
	// TrimJournal allows the store to drop, at its own pace, entries up to
	// this sequence number, but never the newest one.
	TrimJournal uint64
}

// Empty reports whether there is nothing to write. A trim alone waits for a
// transaction that writes.
func (t *Transaction) Empty() bool {
	return t.Entry == nil && len(t.Events)+len(t.Found)+len(t.Checkpoints)+len(t.BlockCuts)+len(t.Blocks)+
		len(t.SnapshotCuts)+len(t.Snapshots)+len(t.Records)+len(t.EventCuts) == 0
}

// JournalEntry is one batch of the journal.
type JournalEntry struct {
	Seq   uint64
	Value []byte
}

// LogEntry is one event of the event log.
type LogEntry struct {
	Seq     uint64
	Subject string
	Value   []byte
	// Device is set where the engine found the event, and At is the time of the
	// fix that it was found by, which is not before that of the event. Only
	// EventsOf returns them.
	Device DeviceID
	At     geofence.Millis
}

// Checkpoint is the packed state of one shard of devices.
type Checkpoint struct {
	Shard int
	Value []byte
}

// Snapshot is the packed engine state of one device as of one of its fixes.
type Snapshot struct {
	Device DeviceID
	// Time is that of the fix.
	Time  geofence.Millis
	Value []byte
}

// SnapshotCut drops snapshots of a device: those later than After, and those
// earlier than the newest that is not later than Before.
type SnapshotCut struct {
	Device        DeviceID
	Before, After geofence.Millis
}

// Block is a packed stretch of one device's fixes.
type Block struct {
	Device DeviceID
	BlockKey
	// Last is the device time of the latest fix, less than MaxBlockSpan behind
	// First. As a store returns it, it may be too late, but not by more than
	// eight times the block's span or an hour.
	Last  geofence.Millis
	Value []byte
}

// BlockCut drops a block; one that is not there is gone already.
type BlockCut struct {
	Device DeviceID
	BlockKey
}

// MaxBlockSpan is how much time a block covers at most.
const MaxBlockSpan = 7 * 24 * time.Hour

// BlockKey orders a device's blocks.
type BlockKey struct {
	// First is the device time of the earliest fix.
	First geofence.Millis
	// Through is the journal entry up to which the device's fixes were in
	// blocks once this one was written.
	Through uint64
}

// Record is a small named value.
type Record struct {
	Key string
	// Value is nil to delete the record.
	Value []byte
}

// BucketRecord is a Record and where it belongs.
// Both names have 1 to 1,024 bytes.
type BucketRecord struct {
	Bucket string
	Record
}
