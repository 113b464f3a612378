package tracker

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// expiringWithin is how long before its end a certificate is warned of: time to
// visit a van.
const expiringWithin = 30 * 24 * time.Hour

// gauges are those of what devices sign in with.
func (r *registry) gauges() []prometheus.Collector {
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	return []prometheus.Collector{
		gauge("wayguard_device_certificates", "Devices with a client certificate.",
			func() int { return r.certificates(MaxCertificateLife) }),
		gauge("wayguard_device_certificates_expiring", "Devices whose client certificate ends within 30 days or has ended: give them a new one.",
			func() int { return r.certificates(expiringWithin) }),
		gauge("wayguard_devices_in_grace", "Devices whose old credential still works.", r.inGrace),
		gauge("wayguard_enrolment_codes", "Enrolment codes that can be used.", func() int { return len(r.codes.open(time.Now())) }),
	}
}

// certificates are those that end within a time or have ended.
func (r *registry) certificates(within time.Duration) (n int) {
	end := time.Now().Add(within)
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, d := range r.devices {
		if d.Serial != nil && !d.Expires.After(end) {
			n++
		}
	}
	return n
}

func (r *registry) inGrace() (n int) {
	now := time.Now()
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, d := range r.devices {
		if d.Old != nil && now.Before(d.Old.Until) {
			n++
		}
	}
	return n
}
