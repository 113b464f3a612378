package main

import (
	"errors"
	"fmt"
	"net/http"

	"wayguard/notify/sms"
	"wayguard/web"
)

// texting is the account that text messages are sent with.
type texting struct {
	Account      string `name:"twilio-account" placeholder:"SID" help:"Account at Twilio for text messages; without one they go to the mailbox of the page."`
	TokenFile    string `name:"twilio-token-file" placeholder:"FILE" help:"File that holds the account's auth token. The variable WAYGUARD_TWILIO_TOKEN can hold the token itself."`
	From         string `name:"twilio-from" placeholder:"NUMBER" help:"Number or name that messages come from."`
	Service      string `name:"twilio-service" placeholder:"SID" help:"Messaging service, instead of a number."`
	Region       string `name:"twilio-region" help:"Where Twilio keeps the data, such as ie1."`
	DailyCap     int    `name:"sms-daily-cap" default:"1000" help:"Most segments of text messages in a day (UTC), each of which is charged for; 0 for no limit."`
	RecipientCap int    `name:"sms-recipient-cap" default:"20" help:"Most segments in a day for one recipient; 0 for no limit."`
}

// twilioTokenVariable holds the token itself.
const twilioTokenVariable = "WAYGUARD_TWILIO_TOKEN"

// open adds the carrier to out where an account is given.
func (t texting) open(o outside, out *outgoing) error {
	if t.Account == "" {
		if t != (texting{DailyCap: t.DailyCap, RecipientCap: t.RecipientCap}) {
			return &inputError{errors.New("the flags of text messages mean nothing without an account: give --twilio-account SID")}
		}
		return nil
	}
	token, err := secret("--twilio-token-file", t.TokenFile, twilioTokenVariable)
	if err != nil {
		return err
	}
	c, err := sms.New(sms.Options{
		Account: sms.Account{SID: t.Account, Token: token, Region: t.Region}, From: t.From, Service: t.Service,
		Caps: sms.Caps{Daily: t.DailyCap, PerRecipient: t.RecipientCap}, PublicURL: o.publicURL,
		Fleet: o.fleet, Suppressed: out.suppressed, Report: out.reported,
		Outside: sms.Outside{Clock: o.fleet.Clock(), Metrics: o.metrics},
	})
	if err != nil {
		return fmt.Errorf("the flags of text messages: %w", err)
	}
	out.carriers = append(out.carriers, c)
	out.mounts = append(out.mounts,
		web.Mount{Pattern: http.MethodPost + " " + sms.StatusPath, Handler: c.Status(), Body: sms.MaxCallback},
		web.Mount{Pattern: http.MethodPost + " " + sms.InboundPath, Handler: c.Inbound(), Body: sms.MaxCallback})
	if o.publicURL == nil {
		o.log.Warn("without --public-url Twilio cannot say which text messages reached a phone, nor who replied STOP")
	}
	return nil
}
