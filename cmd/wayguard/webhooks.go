package main

import (
	"net/netip"

	"wayguard/notify"
	"wayguard/notify/webhook"
)

// webhooks say where events may be posted to.
type webhooks struct {
	Allow []netip.Prefix `name:"webhook-allow" placeholder:"NETWORK" help:"Private networks that webhooks may post to, without encryption too, such as 10.1.0.0/16; otherwise they reach public addresses by https only."`
}

// openWebhooks reads the webhooks; who posts to them runs with the server.
func (s *server) openWebhooks(o webhooks, opts webhook.Options) (err error) {
	if s.hooks, err = notify.OpenHooks(s.fleet, s.keys); err != nil {
		return err
	}
	opts.Hooks, opts.Fleet, opts.Allowed = s.hooks, s.fleet, o.Allow
	s.poster, err = webhook.New(opts)
	return err
}
