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
// # Late fixes
//
// A fix that is older than the newest one of its device is stored and marked,
// and its stretch is run again once no more late ones have come for two
// seconds, or ten after the first: a review. One goroutine reviews one device at
// a time, from a snapshot of the engine's state before the first late fix, over
// everything stored since, each fix under the World of its first processing.
// The stepping goroutine then compares what it found with what the log was told,
// and commits the difference together with the engine's new state: events that
// are new, [geofence.Revised] for those that happened at another time or place,
// [geofence.Retracted] for those that did not happen. Hand-offs have reviews,
// too. The subject of a correction is the id of the event; the last correction
// counts, and one that is revised after it was retracted has happened after all.
// Nothing is deleted, and no event has two ids. After a kill a review has been or
// is still to be.
//
// Fixes more than [MaxLate] old when they come, late ones, are stored and never
// evaluated. Silence is not reviewed: who was not heard was not heard, whatever
// it says later.
//
// # Silence
//
// Each device is looked at every ten seconds. One that has been quiet for too
// long makes the engine tick, which the journal records. While the server was
// down, stood still or could not store, nobody was silent: patience begins anew,
// and so it does when the server's clock is put forward or back.
//
// # Fixes that cannot be true
//
// What the engine takes for implausible is stored, marked and shown in the
// track, and moves neither the device's position nor a decision.
//
// # What devices sign in with
//
// A device has one credential, a secret or a client certificate that the fleet's
// own authority has signed. [Fleet.Renew] replaces it: at once or, with a grace,
// once the new one was used for the first time. A secret is stored as a keyed
// hash; of certificates, the number of the one in force is stored, so that all
// others are worthless. With an enrolment code, [Fleet.Enrol], a device gets its
// credential by itself; the code is used up in the same transaction. The keys behind
// all that are wrapped by the master key of the [Keyring], where there is one.
//
// # The clock
//
// What concerns the fleet's day goes by one [Clock], [Fleet.Clock]: when a report
// was received, whether a device is silent, how long late fixes and hand-offs are
// waited for, which zones hold. It is the system's, unless [Options] give one that
// lets a day pass faster.
//
// # Readings
//
// What sensors say is journalled with the report and kept as long as tracks. A
// reading whose time cannot be right counts as of its receipt. From readings, in
// order, two kinds of events follow: a battery that is low, once a discharge, and
// a seal that something happens to while it is armed, once an episode. They
// depend on nothing but the journal: whether a seal is armed follows from what
// the device answered, which is journalled together with what that version said.
// A reading that comes late is stored; if it shows that an armed seal was opened,
// which no episode holds yet, it is told then.
//
// # What is desired of devices
//
// [Fleet.ChangeDesired] makes a version of what is desired durable,
// [Fleet.IssueDesired] writes it anew for whoever sends it, until the device has
// answered it. Each writing has a number that is durable before it is given out.
//
// # Parcels
//
// A parcel's tracker is carried by the vehicle's first one while the parcel is
// aboard, which follows from its delivery: the World says so, and its past is kept
// as that of rounds is. In each batch the carriers' reports are stepped first;
// then carried devices take their own fixes and their carrier's in order of time,
// so that it does not matter which devices share a batch. Nothing of that is in
// the journal beside the reports, whose marks say what the engine believed. Where
// one of the two was out of reach for so long that the other's fixes of then are
// forgotten, the carried one is reviewed, over the tracks of both.
//
// A hand-off is judged by the tracker of what was handed over, if it was heard of
// in time, else by the vehicle's; the others take note.
//
// # Deliveries
//
// Customers, deliveries, rounds and what they need are kept in memory as a whole
// and in the store as records; what is personal is sealed by a [Keyring] before
// it gets there. A round that runs is part of the World, and of its past. Each
// change is one transaction with the events that tell of it, and with the receipt
// of the request that asked for it ([Fleet.DoOnce]): asked again, it is not done
// again. A large one, such as of a round of 1,000 stops, is several that hold
// nobody up, and seen whole or not at all. The words of deliveries are searched in
// memory.
//
// What the engine finds moves deliveries and opens and resolves alerts: a reader
// of the event log, whose cursor is part of each of its changes, so that after a
// kill nothing is done twice and nothing left out. It comes after the commit of
// what it reads, and holds no device up. A hand-off goes the other way: it is an
// input of the engine, in the journal, once the vehicle has reported a position
// as late as it, or has not for two minutes. It is judged by the stay that it
// happened in: where the vehicle has gone on by then, nothing is told before a
// review has taken it at its time, and what was told without the positions of its
// time is reviewed once they have come.
//
// # Links of customers
//
// Whoever has the link of a delivery may see it: [Fleet.TrackingToken] and
// [Fleet.DeliveryByToken]. Of the vehicle they learn what [Fleet.Approach] tells,
// which is never where another customer lives. What they ask for, [Fleet.MakeWish],
// opens an alert, and changes nothing until dispatch accepts it.
//
// # Rounds
//
// A round that comes without a way gets one from the [Router], which is asked
// before the edit and never within it; until it answers, or without one, the
// round has straight lines with a wide corridor, which tell nothing but that the
// vehicle has left it. A round begins once its vehicle is found to have left the
// depot, from its start on, and ends once that is back and nothing is left to do:
// both follow from the stored track and the state of the round alone, so that
// nothing happens twice.
//
// # Duplicates
//
// A fix of which the time and the place are in the track already is dropped,
// whatever report it comes in. One that is newer than all others cannot be; for
// the rest the hour of the track that it belongs to is read, and remembered
// while more come. The key of a report counts where it holds something else, in
// a window of the last 1,024 such reports. The journal has nothing twice, so a
// replay drops nothing.
//
// # Storage
//
// Fixes and readings wait in memory, covered by the journal, until a device has
// about 128 of both or an hour's worth; then they are packed into blocks, and the
// journal entries that no checkpoint and no waiting fix needs are trimmed. A
// goroutine tidies up once an hour: it merges the small blocks of devices that
// report rarely, and drops what is older than [Retention] says, each chunk a
// transaction through the pipeline, small enough to hold nobody up. Whoever asks
// for what has been dropped is told so ([ErrGone]) rather than given the rest.
// The state of a device stays as long as it is registered, or has a track.
package tracker
