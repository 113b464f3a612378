package firmware

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

// jsonDesired is a desired state as JSON; see the package comment.
type jsonDesired struct {
	Form    int         `json:"wg"`
	Version uint32      `json:"version"`
	Issue   uint32      `json:"issue,omitzero"`
	Time    Millis      `json:"time,omitzero"`
	Moving  uint32      `json:"moving_s,omitzero"`
	Resting uint32      `json:"resting_s,omitzero"`
	Report  uint32      `json:"report,omitzero"`
	Seal    string      `json:"seal,omitzero"`
	Update  *jsonUpdate `json:"update,omitempty"`
}

type jsonUpdate struct {
	SHA256  string `json:"sha256"`
	Size    uint32 `json:"size"`
	Version string `json:"version"`
	URL     string `json:"url"`
}

var sealCommands = [...]string{SealAsItIs: "", SealRelease: "release", SealArm: "arm"}

// MarshalJSON writes d as the package comment describes. Errors: ErrValue.
func (d Desired) MarshalJSON() ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	out := jsonDesired{
		Form: Version, Version: d.Version, Issue: d.Issue, Time: d.Time,
		Moving: uint32(d.Moving / time.Second), Resting: uint32(d.Resting / time.Second),
		Report: d.Report, Seal: sealCommands[d.Seal],
	}
	if u := d.Update; u != nil {
		out.Update = &jsonUpdate{hex.EncodeToString(u.SHA256[:]), u.Size, u.Version, u.URL}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote. On an error d stays as it was.
// Errors: ErrVersion, ErrFrame.
func (d *Desired) UnmarshalJSON(payload []byte) error {
	var in jsonDesired
	if err := unmarshal(payload, &in, &in.Form); err != nil {
		return err
	}
	seal := slices.Index(sealCommands[:], in.Seal)
	update, right := in.Update.update()
	made := Desired{
		Version: in.Version, Issue: in.Issue, Time: in.Time,
		Moving: time.Duration(in.Moving) * time.Second, Resting: time.Duration(in.Resting) * time.Second,
		Report: in.Report, Seal: SealCommand(max(seal, 0)), Update: update,
	}
	if seal < 0 || !right || made.check() != nil {
		return fmt.Errorf("%w: something is missing or out of range", ErrFrame)
	}
	*d = made
	return nil
}

func (j *jsonUpdate) update() (u *Update, right bool) {
	if j == nil {
		return nil, true
	}
	sum, err := hex.DecodeString(j.SHA256)
	if err != nil || len(sum) != sha256.Size {
		return nil, false
	}
	return &Update{[sha256.Size]byte(sum), j.Size, j.Version, j.URL}, true
}
