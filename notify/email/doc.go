// Package email is the carrier of mail: it hands messages to one SMTP server,
// the operator's relay or that of a provider, signed with DKIM if there is a key.
//
// Start with New; Carrier.Send returns once the server has taken a message over.
// Unsubscribe answers the one-click links of the mails (RFC 8058), Carrier.Bounces
// takes back what bounced.
//
// # What a caller may assume
//
// A message always goes out with the same Message-ID, made of its ID, so that
// whoever sees it twice can tell. A *notify.SendError says what to do next:
//
//   - Reply codes 4xx, a lost connection and a server that cannot be reached are
//     temporary. So is everything that is wrong with the server rather than with
//     the message, such as credentials that it refuses: an operator can mend that.
//   - 421, and 4.7.x for two recipients in a row, say that the server has had enough
//     of us: Busy.
//   - 5xx is permanent.
//   - 550, 551, 553 and 556 with an enhanced code that says that there is no such
//     mailbox or domain (5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10; RFC 3463, RFC 7505)
//     are a dead address. A server that gives no enhanced code makes none, for it
//     may as well mean that it does not relay for us.
//   - When the connection is lost after the end of the text was sent and before
//     the answer, nobody knows whether the server has it: Unsure.
//
// Errors hold codes, never what the server said, which repeats addresses.
//
// # Mails that come back
//
// A mail that bounces after the server took it over comes back as a mail, a
// delivery status notification (RFC 3464), which a mail server posts to
// Carrier.Bounces. It counts only where it proves that it is about a mail of ours
// to the very recipient that it names: by our Message-ID, which nobody can guess, or
// by the address that it came to,
//
//	bounces+NAME.CHECK@example.com
//
// NAME is that of the Message-ID, 128 bits of a keyed hash of the message's ID, and
// CHECK 80 bits of one of NAME and the recipient. Where the server has given up,
// the message goes over the next channel; the codes that make an address a dead
// one are those of answers over SMTP. Codes 4.x.x make none dead. A mail that is
// delayed is noted on the message only.
//
// # Addresses
//
// Domains may be of any script; they are sent in their ASCII form (IDNA 2008). A
// mailbox's name beyond ASCII needs a server that says SMTPUTF8 (RFC 6531),
// which is asked for only then; elsewhere it fails for good, unsent.
package email
