// Package tracker is the fleet: its devices and fences, and the pipeline that
// turns what devices report into a durable journal and a log of events.
//
// Start at [Open] and [Fleet.Accept]. Doors for devices call Accept or
// [Fleet.Enqueue]; everything downstream reads the event log with
// [Fleet.Events] and learns from a [Subscription] that there is more to read.
//
// # What a caller may assume
//
// When Accept returns nil, or Enqueue's callback is given nil, the report, and
// every event that follows from it, is on disk: a kill or a power cut after
// that moment loses neither. When it is given an error that wraps
// [ErrUnavailable], the report may or may not be on disk, and the device must
// send it again: a report that was stored after all is then dropped as a
// duplicate. Live subscribers hear only of what is durable.
//
// # How it works
//
// Reports of many devices are gathered into a batch. One goroutine steps the
// geofence engine over the batch, devices in parallel, and builds a
// [Transaction]: the batch as one journal entry, its events, and now and then
// the checkpoint of one of 64 shards of devices. A second goroutine commits
// transactions one after the other, so that the next batch gathers and is
// stepped while the last one is being synced: no timer delays a lone report,
// and a flood forms large batches by itself.
//
// The journal is the truth. What is in memory is the checkpoints plus the
// journal entries behind them, and [Open] rebuilds it just so, giving out no
// event a second time. Positions are rounded to what the journal holds
// (1e-7 degrees) before the engine sees them, hence a replay sees what the
// live run saw.
//
// Fixes wait in memory, covered by the journal, until a device has about 128
// of them or an hour's worth; then they are packed into blocks, and the
// journal entries that no checkpoint and no waiting fix needs are trimmed.
package tracker
