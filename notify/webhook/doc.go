// Package webhook posts events to the addresses that asked for them, as Standard
// Webhooks (standardwebhooks.com) says.
//
// # A post
//
// The body is a JSON object: the event's type, the time when it happened, and
// under data the event as the API shows it. Its header holds webhook-id, which is
// the event's id and stays the same however often it is posted, webhook-timestamp,
// and webhook-signature, one signature for each secret that counts. Any status of
// 200 to 299 takes it; redirects are not followed, since what is signed for one
// address is not for another.
//
// A partner gets events about deliveries of their own, less what only dispatch
// may see: the device and its position.
//
// # What is promised
//
// Every event is posted at least once. The events of one round, at most 32, are
// posted side by side, and what came of them is recorded once they are all
// answered: a kill in between repeats these. Events come in the order of the log
// but for that, and for those that failed while others came through: these are
// posted again, at growing intervals, for a day.
//
// An address that takes nothing at all holds its own events up, and nobody
// else's. They wait in the event log, so nothing is lost as long as the log keeps
// them; the address is tried again at intervals that grow to an hour, for as long
// as it takes. One that answers 410 is left alone until somebody changes the
// webhook.
//
// # Where it may post to
//
// The address is checked when it is dialled, after the name was resolved: nothing
// is posted to private, loopback or link-local addresses unless they are allowed.
// Without encryption nothing is posted but to those.
package webhook
