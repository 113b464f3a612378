// Package notify turns events into messages that arrive, once, at those whom
// they concern.
package notify
