// Package sms is the carrier of text messages, by way of Twilio.
//
// Start with New; Carrier.Send returns once Twilio has queued a message.
// Carrier.Status and Carrier.Inbound answer Twilio's callbacks, which prove
// themselves by their signature: whether a message reached a phone, and replies
// such as STOP.
//
// # What a caller may assume
//
// Twilio knows no key that keeps duplicates out. When a request was sent and its
// answer did not come, nobody knows whether the message was queued: Unsure. All
// other errors say for certain that it was not; *notify.SendError tells what to
// do next. Errors hold codes, never what Twilio said, which repeats numbers.
//
// A message is given to Twilio with the time until it is worth nothing any more,
// so that it does not reach a phone that is switched on hours later.
//
// # Cost
//
// Twilio charges for segments: see Count. A message whose text would fit GSM-7
// but for typographic marks is sent with plain ones, see Plain. What is sent on a
// day (UTC) is counted, in segments, in all and for each number, and is on disk
// before a message is given away, so that a crash never lifts a cap. What Twilio
// refuses is given back.
package sms
