package web

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// quietZone is the empty margin around a QR code in modules, and modulePixels
// the width of a module (ISO/IEC 18004, 6.3.8 and 9.1).
const (
	quietZone    = 4
	modulePixels = 4
)

// qrCode draws text as a PNG in a data URL. Level M survives a scratched screen
// and keeps the modules of long texts large enough for a phone.
func qrCode(text string) (string, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("draw a QR code of %d bytes: %w", len(text), err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, enlarged(code)); err != nil {
		return "", fmt.Errorf("encode a QR code: %w", err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// enlarged has the quiet zone around the code, in two colours, which makes a
// small file.
func enlarged(code barcode.Barcode) image.Image {
	modules := code.Bounds().Dx()
	side := (modules + 2*quietZone) * modulePixels
	picture := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for i := range picture.Pix {
		x, y := (i%side)/modulePixels-quietZone, (i/side)/modulePixels-quietZone
		inside := x >= 0 && y >= 0 && x < modules && y < modules
		if inside && color.GrayModel.Convert(code.At(x, y)).(color.Gray).Y < 128 {
			picture.Pix[i] = 1
		}
	}
	return picture
}
