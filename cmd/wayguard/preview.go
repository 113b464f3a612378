package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"wayguard/notify"
	"wayguard/tracker"
)

// notifyCmd are what can be done with notifications without a server.
type notifyCmd struct {
	Preview previewCmd `cmd:"" help:"Print a message as it would be sent, about a sample."`
}

// previewCmd prints one message.
type previewCmd struct {
	Kind     string `required:"" help:"What it is about, such as approaching or alert.route.off; a wrong one shows all."`
	Language string `default:"en" help:"Language of the message: en, en-US, de, es or fr."`
	Channel  string `enum:"email,sms,push" default:"email" help:"How it is sent: ${enum}."`
	Format   string `enum:"text,html" default:"text" help:"Part of an email to print: ${enum}."`
	Sender   string `default:"Wayguard" help:"Name that the message is from."`
}

// Run is what kong calls.
func (c *previewCmd) Run() error { return c.print(os.Stdout) }

func (c *previewCmd) print(out io.Writer) error {
	m, err := notify.Preview(notify.Kind(c.Kind), c.Language, notify.Channel(c.Channel), notify.Sender{Name: c.Sender})
	var wrong *tracker.MemberError
	if errors.As(err, &wrong) {
		return &inputError{fmt.Errorf("--%s %s", wrong.Member, wrong.Detail)}
	}
	if err != nil {
		return err
	}
	if c.Format == "html" {
		if m.HTML == "" {
			return &inputError{fmt.Errorf("--format html: a message over %s has no such part", c.Channel)}
		}
		_, err = fmt.Fprint(out, m.HTML)
		return err
	}
	if m.Subject != "" {
		if _, err := fmt.Fprintf(out, "Subject: %s\n\n", m.Subject); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(out, m.Text)
	return err
}
