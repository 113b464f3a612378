// Package notify turns events into messages that arrive, once, at those whom
// they concern.
//
// Start at [Open] and [Notifier.Run]. Carriers, which know a service each, are
// packages of their own; what a carrier must do is said at [Carrier].
//
//	event log -> rules -> outbox -> when due: still true? bundle, address,
//	text -> carrier -> what became of it
//
// # What may be assumed
//
// An event is read once its cursor is behind it, and the messages that follow
// from it are durable in the transaction that moves the cursor: a kill at any
// moment loses none, and makes none twice. A message's id derives from its event,
// kind and recipient.
//
// Whether it is still true, where its recipient is reached and what it says are
// asked right before it is sent. What became of it is durable a moment after the
// carrier has taken it over. A kill between these two is the only thing that
// makes a message come twice, with the same id, by which a service that looks at
// it keeps the second one out. When the server is stopped it waits for what is
// under way; while the store takes no writes nothing is sent.
//
// A message that is not taken over is tried again, at growing and random
// intervals, until the channel's part of its time is over; then over the next
// channel. One that no channel takes is a dead letter, which stays until somebody
// sends it again ([Notifier.Resend]) or it is 90 days old. Other messages are
// kept for 30 days after what they tell of.
//
// # Who waits for whom
//
// Each channel has a lane: what is due within a minute, up to 1,024 messages, in
// memory, the rest in the store in the order in which it is due. A recipient has
// one message under way in a lane and 16 in memory at most, and a carrier 30 s
// for each, so that neither a carrier that hangs nor a recipient whose messages
// fail holds up others. A service that takes no more from us for now has its whole
// lane wait, for ten minutes at most. What has become of messages is written in groups, by the
// committer that all the server shares.
//
// # Bundles
//
// Notices of the same recipient, bundle and channels join the message that waits
// already: until it is due, and no more than a minute longer than the first needed.
// Once a carrier may have seen it nothing joins it, since a service that keeps
// duplicates out would drop what is new too.
//
// # What is personal
//
// Messages name people and deliveries by id. What was written, and to which
// address, is sealed by the keys of all whom it concerns, so that erasing any of
// them erases it. Logs, metrics and errors hold neither; the text of a carrier's
// error that is no [SendError] is thrown away, since it may hold anything.
//
// # Without an account
//
// Messages of a channel without a carrier go to the mailbox, where dispatch reads
// them as they would have looked: the last 1,000 of them, of older ones the text.
package notify
