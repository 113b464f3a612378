package device

import (
	"context"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	firmware "wayguard/firmware-protocol"
)

// inboxLength is how many messages of the server wait; it sends again what is
// lost.
const inboxLength = 4

// listen subscribes to what is desired of the device, where that speaks the
// native protocol. A broker that refuses that still takes reports.
func (d *Device) listen(client mqtt.Client) <-chan []byte {
	if d.desired == nil {
		return nil
	}
	inbox := make(chan []byte, inboxLength)
	token := client.Subscribe("wg/1/"+d.opts.ID+"/down", 1, func(_ mqtt.Client, m mqtt.Message) {
		select {
		case inbox <- m.Payload():
		default:
		}
	})
	if !token.WaitTimeout(connectTimeout) || token.Error() != nil {
		d.opts.Log.Warn("cannot subscribe to what is desired", "device", d.opts.ID, "error", token.Error())
	}
	return inbox
}

// obeyAll does what comes into the inbox, until ctx ends.
func (d *Device) obeyAll(ctx context.Context, inbox <-chan []byte) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case payload := <-inbox:
			if err := d.obey(ctx, payload); err != nil {
				return err
			}
		}
	}
}

// obey does what one message says and answers it. A message that cannot be right
// is logged.
func (d *Device) obey(ctx context.Context, payload []byte) error {
	answer, err := d.desired.take(payload)
	if err != nil {
		d.opts.Log.Warn("a desired state was not taken", "device", d.opts.ID, "error", err)
		return nil
	}
	if !answer {
		return nil
	}
	report, err := d.native.report(firmware.Report{Time: firmware.Millis(time.Now().UnixMilli())})
	if err != nil {
		return err
	}
	return d.queue.push(ctx, report)
}
