// Package webpush is the carrier of push messages to browsers (RFC 8030),
// encrypted for the browser (RFC 8291) and signed with the server's key (RFC
// 8292).
//
// Start with New. A message goes to all browsers of its recipient, which
// notify.Browsers keeps; Carrier.Send returns nil once the push service of one of
// them has taken it. Browsers that their push service knows no more are removed.
//
// # What a caller may assume
//
// A push service keeps a message until it expires, replaces one of the same topic
// that the browser has not seen yet, and gives no receipt for what was shown. A
// message that is sent twice has the same topic and tag, so that it is shown
// once. Messages to customers about one delivery replace each other: only the
// last one is true.
//
// Addresses of push services come from browsers, that is from anybody. They are
// connected to only where they are public, and redirects are not followed.
package webpush
